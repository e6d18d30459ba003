"""The two gateways as tests meet them: how a customer comes to have a card, and what goes wrong on the way."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.conf import settings

from apps.billing import gateway
from apps.billing.gateway import behaviours
from apps.billing.gateway.pace import Pace
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.gateway.stripe import StripeGateway
from apps.core.money import Money

GOOD = "4242424242424242"
ASKS_AT_SETUP = "4000002500003155"
ALWAYS_ASKS = "4000002760003184"
NO_FUNDS = "4000008260003178"
FAILS_LATER = "4000000000000341"


def request_for(card: gateway.CardDetails, *, minor: int = 1200, **changes) -> gateway.ChargeRequest:
    """An off-session charge of this card for EUR 12.00, under a key of its own."""
    fields = {
        "payment_key": str(uuid4()),
        "customer_id": card.customer_id,
        "method_id": card.method_id,
        "money": Money(minor, "EUR"),
        "on_session": False,
        **changes,
    }
    return gateway.ChargeRequest(**fields)


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def find(adapter: gateway.Gateway, request: gateway.ChargeRequest, intent_id: str = "") -> gateway.FindResult:
    """What the janitor would ask about this charge."""
    return adapter.find_charge(
        payment_key=request.payment_key, customer_id=request.customer_id, intent_id=intent_id, since=an_hour_ago()
    )


class Sandbox:
    """The sandbox from outside: its control API, and the browser's side of a set-up."""

    def __init__(self, base: str) -> None:
        self.base = base

    def control(self, method: str, path: str, body: Mapping | None = None) -> dict:
        return self._send(method, f"/_control{path}", json.dumps(body or {}).encode(), "application/json")[1]

    def fault(self, kind: str, **fields) -> None:
        """Disturb the next request of this path (a charge, unless another is given)."""
        self.control(
            "POST",
            "/faults",
            {"kind": kind, "path_prefix": "/v1/payment_intents", "method": "POST", "count": 1, **fields},
        )

    def clear(self) -> None:
        self.control("DELETE", "/faults")
        self.control("DELETE", "/cards")
        self.control("POST", "/webhooks", {"paused": False, "delay": 0, "shuffle": 0, "duplicate": 0, "drop": 0})

    def requests(self, path_prefix: str) -> list[dict]:
        return self.control("GET", f"/requests?path_prefix={path_prefix}")["requests"]

    def browser(self, path: str, fields: Mapping[str, str]) -> tuple[int, dict]:
        """What Stripe's script sends from the customer's page."""
        body = urllib.parse.urlencode({"key": settings.STRIPE_PUBLISHABLE_KEY, **fields}).encode()
        return self._send("POST", path, body, "application/x-www-form-urlencoded")

    def type_card(self, started: gateway.SetupStarted, number: str, *, exp_year: int = 2034) -> tuple[int, dict]:
        """Confirm a set-up with this card number, and pass a challenge when the bank asks for one."""
        status, intent = self.browser(
            f"/v1/setup_intents/{started.id}/confirm",
            {
                "client_secret": started.client_secret,
                "payment_method_data[type]": "card",
                "payment_method_data[card][number]": number,
                "payment_method_data[card][exp_month]": "11",
                "payment_method_data[card][exp_year]": str(exp_year),
                "payment_method_data[card][cvc]": "123",
            },
        )
        if intent.get("status") == "requires_action":
            self.control("POST", "/authenticate", {"intent": started.id, "outcome": "succeed"})
        return status, intent

    def _send(self, method: str, path: str, body: bytes, kind: str) -> tuple[int, dict]:
        request = urllib.request.Request(self.base + path, data=body, method=method, headers={"Content-Type": kind})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


class StripeWorld:
    """The Stripe adapter against the sandbox, over HTTP."""

    name = "stripe"

    def __init__(self, sandbox: Sandbox, *, timeout: int = 20) -> None:
        self.sandbox = sandbox
        self.gateway = StripeGateway(
            api_key=settings.STRIPE_SECRET_KEY,
            api_base=settings.STRIPE_API_BASE,
            api_version=settings.STRIPE_API_VERSION,
            timeout=timeout,
            pace=Pace.of_the_shop(),
        )

    def customer(self) -> str:
        return self.gateway.create_customer(key=str(uuid4()), email="ada@example.com", name="Ada")

    def knows(self, customer_id: str) -> tuple[str, str]:
        """The address and the name that the gateway has of a customer."""
        found = self.gateway._api.customers.retrieve(customer_id)
        return found.email or "", found.name or ""

    def type_card(self, started: gateway.SetupStarted, number: str = GOOD) -> None:
        self.sandbox.type_card(started, number)

    def card(self, number: str = GOOD, *, customer_id: str = "", lost: str = "") -> gateway.CardDetails:
        started = self.gateway.start_setup(
            customer_id=customer_id or self.customer(), key=str(uuid4()), metadata={"purpose": "test"}
        )
        self.type_card(started, number)
        if lost:
            self.sandbox.fault(f"drop_{lost}")
        return self.gateway.read_setup(started.id).card

    def confirm(self, intent_id: str, card: gateway.CardDetails) -> None:
        """The customer confirms an intent on screen and passes the challenge. The intent has let go of the card."""
        fields = {"client_secret": self.gateway.confirm_details(intent_id), "payment_method": card.method_id}
        intent = self.sandbox.browser(f"/v1/payment_intents/{intent_id}/confirm", fields)[1]
        if intent.get("status") == "requires_action":
            self.sandbox.control("POST", "/authenticate", {"intent": intent_id, "outcome": "succeed"})

    def dispute(self, intent_id: str, *, reason: str = "fraudulent") -> str:
        """The customer goes to their bank; the id of the dispute."""
        charge = self.gateway._api.payment_intents.retrieve(intent_id).latest_charge
        return self.sandbox.control("POST", "/disputes", {"charge": charge, "reason": reason})["id"]

    def decide(self, dispute_id: str, status: str) -> None:
        """The bank decides: won or lost."""
        self.sandbox.control("POST", f"/disputes/{dispute_id}/close", {"status": status})


class RehearsalWorld:
    """The adapter in memory."""

    name = "rehearsal"

    def __init__(self) -> None:
        self.gateway = Rehearsal(seed=3)

    def customer(self) -> str:
        return self.gateway.create_customer(key=str(uuid4()), email="ada@example.com", name="Ada")

    def knows(self, customer_id: str) -> tuple[str, str]:
        found = self.gateway._customers[customer_id]
        return found.email, found.name

    def type_card(self, started: gateway.SetupStarted, number: str = GOOD) -> None:
        self.gateway.save_card(started.id, number=number, exp_month=11, exp_year=2034)

    def card(self, number: str = GOOD, *, customer_id: str = "", lost: str = "") -> gateway.CardDetails:
        script = {"before": (behaviours.lose_before(),), "after": (behaviours.lose_after(),)}.get(lost)
        return self.gateway.add_card(
            customer_id or self.customer(), number=number, exp_month=11, exp_year=2034, script=script
        )

    def confirm(self, intent_id: str, card: gateway.CardDetails) -> None:
        self.gateway.confirm(intent_id)

    def dispute(self, intent_id: str, *, reason: str = "fraudulent") -> str:
        return self.gateway.open_dispute(intent_id, reason=reason).id

    def decide(self, dispute_id: str, status: str) -> None:
        self.gateway.decide_dispute(dispute_id, won=status == "won")
