"""The control API under /_control/: faults, overrides, webhooks, disputes, import, statistics. Loopback only."""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import cards, control_import, statistics
from .call import Call
from .errors import StripeError
from .faults import Fault
from .resources import disputes, refunds, three_d_secure
from .state import Sandbox


class ControlError(Exception):
    """The control request is wrong; the text says why."""


class Control:
    """The handlers. Each takes the JSON body (or {}) and answers a JSON value."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def health(self, _body: dict[str, Any], _request: Request) -> Any:
        """Whether it answers, and since when (Unix seconds)."""
        return {"status": "ok", "started": self.sandbox.started}

    def reset(self, body: dict[str, Any], _request: Request) -> Any:
        """Forgets everything. Body: ``keep_webhook_endpoints`` (false)."""
        self.sandbox.reset(keep_webhook_endpoints=bool(body.get("keep_webhook_endpoints", False)))
        return {"status": "ok"}

    def requests(self, _body: dict[str, Any], request: Request) -> Any:
        """The last requests to /v1, oldest first. Query: ``path_prefix``, ``method``. Status null: dropped."""
        wanted = request.query_params
        rows = [
            row
            for row in self.sandbox.requests
            if row["path"].startswith(wanted.get("path_prefix", ""))
            and wanted.get("method", row["method"]) == row["method"]
        ]
        return {"requests": rows}

    def clear_requests(self, _body: dict[str, Any], _request: Request) -> Any:
        """Empties the request log."""
        self.sandbox.requests.clear()
        return {"requests": []}

    def faults(self, _body: dict[str, Any], _request: Request) -> Any:
        """The active fault rules with their hits."""
        return {"faults": [rule.show() for rule in self.sandbox.faults.rules]}

    def add_fault(self, body: dict[str, Any], _request: Request) -> Any:
        """Adds a rule. Body: the fields of ``faults.Fault``."""
        try:
            fault = Fault.read(body)
        except (TypeError, ValueError) as error:
            raise ControlError(str(error)) from error
        self.sandbox.faults.rules.append(fault)
        return fault.show()

    def clear_faults(self, _body: dict[str, Any], request: Request) -> Any:
        """Removes all rules, or the one of the query's ``id``."""
        wanted = request.query_params.get("id")
        rules = self.sandbox.faults.rules
        rules[:] = [rule for rule in rules if wanted and rule.id != wanted]
        return {"faults": [rule.show() for rule in rules]}

    def cards(self, _body: dict[str, Any], _request: Request) -> Any:
        """The overrides in force."""
        overrides = [
            {"card": card, "moment": moment, "outcome": outcome}
            for (card, moment), outcome in self.sandbox.overrides.items()
        ]
        return {"overrides": overrides}

    def set_card(self, body: dict[str, Any], request: Request) -> Any:
        """Body: ``card`` (number or method), ``outcome`` (decline code, ``ok`` or null), ``moment`` (charge)."""
        card, outcome, moment = body.get("card"), body.get("outcome"), body.get("moment", "charge")
        if card not in cards.BY_NUMBER and card not in self.sandbox.store["payment_method"].rows:
            raise ControlError("card must be a test card number or a known payment method")
        if moment not in ("charge", "setup"):
            raise ControlError("moment must be charge or setup")
        if outcome is None:
            self.sandbox.overrides.pop((card, moment), None)
        elif outcome == "ok" or outcome in cards.DECLINES:
            self.sandbox.overrides[card, moment] = outcome
        else:
            raise ControlError(f"outcome must be null, ok or one of {', '.join(cards.DECLINES)}")
        return self.cards({}, request)

    def clear_cards(self, _body: dict[str, Any], _request: Request) -> Any:
        """Removes all overrides."""
        self.sandbox.overrides.clear()
        return {"overrides": []}

    def webhooks(self, _body: dict[str, Any], _request: Request) -> Any:
        """Settings, how many deliveries are queued, and the last attempts."""
        dispatcher = self.sandbox.dispatcher
        return {
            "settings": asdict(dispatcher.settings),
            "pending": dispatcher.pending(),
            "attempts": dispatcher.attempts[-200:],
        }

    def set_webhooks(self, body: dict[str, Any], _request: Request) -> Any:
        """Changes settings. Body: the fields of ``webhooks.Settings``."""
        try:
            return {"settings": self.sandbox.dispatcher.configure(body)}
        except TypeError as error:
            raise ControlError(str(error)) from error

    async def flush_webhooks(self, _body: dict[str, Any], _request: Request) -> Any:
        """Attempts every queued delivery now; answers when all are done."""
        return await self.sandbox.dispatcher.flush()

    def settings(self, body: dict[str, Any], _request: Request) -> Any:
        """Body: ``search_delay``, seconds until search finds a new intent (Stripe: up to a minute)."""
        self.sandbox.search_delay = float(body.get("search_delay", self.sandbox.search_delay))
        return {"search_delay": self.sandbox.search_delay}

    def forget_keys(self, _body: dict[str, Any], _request: Request) -> Any:
        """Forgets all idempotency keys, as Stripe may after 24 hours."""
        return {"forgotten": self.sandbox.keys.forget()}

    def open_dispute(self, body: dict[str, Any], _request: Request) -> Any:
        """Disputes a charge. Body: ``charge``, ``reason`` (fraudulent), ``amount`` (all, minor units)."""
        charge = self.sandbox.store["charge"].get(str(body.get("charge")))
        if charge is None or charge["status"] != "succeeded":
            raise ControlError("charge must be a succeeded charge")
        return disputes.open_on(
            self._call(), charge, reason=body.get("reason", "fraudulent"), amount=body.get("amount")
        )

    def close_dispute(self, body: dict[str, Any], request: Request) -> Any:
        """Decides a dispute. Body: ``status``, won or lost."""
        dispute = self.sandbox.store["dispute"].get(request.path_params["id"])
        if dispute is None or dispute["status"] not in disputes.UNDECIDED:
            raise ControlError("no open dispute has this id")
        if body.get("status") not in ("won", "lost"):
            raise ControlError("status must be won or lost")
        return disputes.close(self._call(), dispute, won=body["status"] == "won")

    def fail_refund(self, _body: dict[str, Any], request: Request) -> Any:
        """Lets a refund fail at the bank."""
        refund = self.sandbox.store["refund"].get(request.path_params["id"])
        if refund is None or refund["status"] == "failed":
            raise ControlError("no refund that could fail has this id")
        return refunds.fail(self._call(), refund)

    def authenticate(self, body: dict[str, Any], _request: Request) -> Any:
        """Answers a 3-D Secure challenge. Body: ``intent``, ``outcome`` (succeed, fail). May answer a decline."""
        try:
            return three_d_secure.finish(
                self._call(), str(body.get("intent")), passed=body.get("outcome", "succeed") == "succeed"
            )
        except StripeError as error:
            return error.body()

    def import_objects(self, body: dict[str, Any], _request: Request) -> Any:
        """Creates ready objects in bulk; see ``control_import``."""
        try:
            return control_import.run(self._call(), body)
        except (KeyError, TypeError, ValueError) as error:
            raise ControlError(f"{type(error).__name__}: {error}") from error

    def stats(self, _body: dict[str, Any], request: Request) -> Any:
        """Counts and totals. Query: ``metadata_key`` counts succeeded charges by its value."""
        return statistics.report(self.sandbox, metadata_key=request.query_params.get("metadata_key"))

    def _call(self) -> Call:
        return Call(sandbox=self.sandbox, created=int(time.time()))


TABLE: tuple[tuple[str, str, str], ...] = (
    ("GET", "/health", "health"),
    ("POST", "/reset", "reset"),
    ("GET", "/requests", "requests"),
    ("DELETE", "/requests", "clear_requests"),
    ("GET", "/faults", "faults"),
    ("POST", "/faults", "add_fault"),
    ("DELETE", "/faults", "clear_faults"),
    ("GET", "/cards", "cards"),
    ("POST", "/cards", "set_card"),
    ("DELETE", "/cards", "clear_cards"),
    ("GET", "/webhooks", "webhooks"),
    ("POST", "/webhooks", "set_webhooks"),
    ("POST", "/webhooks/flush", "flush_webhooks"),
    ("POST", "/settings", "settings"),
    ("DELETE", "/idempotency_keys", "forget_keys"),
    ("POST", "/disputes", "open_dispute"),
    ("POST", "/disputes/{id}/close", "close_dispute"),
    ("POST", "/refunds/{id}/fail", "fail_refund"),
    ("POST", "/authenticate", "authenticate"),
    ("POST", "/import", "import_objects"),
    ("GET", "/stats", "stats"),
)


def routes(sandbox: Sandbox) -> list[Route]:
    """The Starlette routes of the control API."""
    control = Control(sandbox)
    return [
        Route(f"/_control{path}", _endpoint(getattr(control, name)), methods=[method]) for method, path, name in TABLE
    ]


def _endpoint(handler: Callable[[dict[str, Any], Request], Any]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        if not _is_local(request):
            return JSONResponse({"error": "the control API answers on the loopback interface only"}, status_code=403)
        try:
            body = await request.json() if await request.body() else {}
            if not isinstance(body, dict):
                raise ControlError("the body must be a JSON object")
            result = handler(body, request)
            return JSONResponse(await result if hasattr(result, "__await__") else result)
        except ValueError as error:
            return JSONResponse({"error": f"the body is not JSON: {error}"}, status_code=400)
        except ControlError as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return answer


def _is_local(request: Request) -> bool:
    """Whether the caller is on this machine and no page of another site made the browser call."""
    if request.client is None or not ipaddress.ip_address(request.client.host).is_loopback:
        return False
    return "origin" not in request.headers
