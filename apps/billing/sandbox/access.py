"""Who is asking: secret keys from the shop's server, publishable keys with a client secret from a browser."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from .errors import StripeError
from .events import API_VERSION
from .resources.account import ACCOUNT_ID

SECRET = re.compile(r"(sk|rk)_test_[A-Za-z0-9_]{6,}")
PUBLISHABLE = re.compile(r"pk_test_[A-Za-z0-9_]{6,}")


@dataclass(slots=True)
class Request:
    """The parts of an HTTP request that matter. ``public``: sent with a publishable key."""

    method: str
    path: str
    query: str
    body: str
    key: str | None
    idempotency_key: str | None
    version: str
    account: str | None
    origin: str
    public: bool = False

    @classmethod
    def read(cls, scope: dict[str, Any], body: bytes) -> "Request":
        headers = dict(scope["headers"])
        version = headers.get(b"stripe-version")
        idempotency_key = headers.get(b"idempotency-key")
        account = headers.get(b"stripe-account")
        request = cls(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            body=body.decode("utf-8", "replace"),
            key=_bearer(headers.get(b"authorization", b"").decode("latin-1")),
            idempotency_key=idempotency_key.decode("latin-1") if idempotency_key else None,
            version=version.decode("latin-1") if version else API_VERSION,
            account=account.decode("latin-1") if account else None,
            origin=f"{scope['scheme']}://{headers.get(b'host', b'localhost').decode('latin-1')}",
        )
        if request.key is None:
            request.key = parse_qs(request.encoded()).get("key", [None])[0]
        return request

    def encoded(self) -> str:
        """The form parameters: in the body of a POST, else in the query."""
        return self.body if self.method == "POST" else self.query


def authenticate(request: Request) -> None:
    """Sets ``request.public``. Raises StripeError 401 for a missing or wrong key, 403 for another account."""
    key = request.key
    if not key:
        raise StripeError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer"
            " auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for"
            " details, or we can help at https://support.stripe.com/.",
            status=401,
            executed=False,
        )
    request.public = bool(PUBLISHABLE.fullmatch(key))
    if not request.public and not SECRET.fullmatch(key):
        shown = f"{key[:8]}{'*' * max(0, len(key) - 12)}{key[-4:]}" if len(key) > 12 else "*" * len(key)
        raise StripeError(f"Invalid API Key provided: {shown}", status=401, executed=False)
    if request.account and request.account != ACCOUNT_ID:
        raise StripeError(
            f"The provided key does not have access to account '{request.account}' (or that account does not exist)."
            " Application access may have been revoked.",
            status=403,
            code="account_invalid",
            executed=False,
        )


def secret_key_required() -> StripeError:
    """A browser called an endpoint that is for servers only."""
    return StripeError(
        "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of"
        " your API keys at https://dashboard.stripe.com/account/apikeys.",
        status=401,
        code="secret_key_required",
        executed=False,
    )


def _bearer(header: str) -> str | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode("latin-1").partition(":")[0] or None
        except binascii.Error:
            return None
    return None
