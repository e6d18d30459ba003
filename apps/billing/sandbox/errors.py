"""Error answers with Stripe's own types, codes, statuses and wording.

Source: https://docs.stripe.com/api/errors and https://docs.stripe.com/error-codes.
"""

from typing import Any


class StripeError(Exception):
    """An error answer. ``executed`` is false when the endpoint never began: such answers are not kept for replay."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        executed: bool = True,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.executed = executed
        self.error: dict[str, Any] = {"message": message, "type": type}
        if code:
            self.error["code"] = code
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param:
            self.error["param"] = param
        if extra:
            self.error.update(extra)

    def body(self) -> dict[str, Any]:
        """The JSON document of this answer."""
        return {"error": self.error}


def bad_parameter(message: str, param: str, *, code: str | None = None) -> StripeError:
    """A parameter that cannot be read or has a forbidden value: nothing was done."""
    return StripeError(message, code=code, param=param, executed=False)


def missing(kind: str, object_id: str, *, param: str, status: int = 404) -> StripeError:
    """No such object: 404 when the address names it, 400 when a parameter does."""
    message = f"No such {kind}: '{object_id}'"
    if kind == "PaymentMethod":
        message += (
            "; It's possible this PaymentMethod exists on one of your connected accounts, in which case you should"
            " retry this request on that connected account."
        )
    return StripeError(message, status=status, code="resource_missing", param=param)


def unrecognised_url(method: str, path: str) -> StripeError:
    """No endpoint has this method and path."""
    return StripeError(
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at"
        " https://support.stripe.com/.",
        status=404,
        executed=False,
    )


def rate_limited() -> StripeError:
    """The answer of an API that is asked too often: nothing was done."""
    return StripeError(
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        status=429,
        code="rate_limit",
        executed=False,
    )


def server_error() -> StripeError:
    """Stripe's own failure; the caller cannot know what was done."""
    return StripeError(
        "Sorry! There was an error while talking to one of our backends. Support has been notified.",
        status=500,
        type="api_error",
    )
