"""A payment gateway in memory, for rehearsals of renewals, simulations and demo histories. It never touches a network.

Deterministic: ids are counted, chance comes from the seed, the card and the charge's number alone. Thread-safe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha1
from itertools import count
from threading import RLock

from apps.core.money import Money

from .behaviours import BY_NUMBER, REFUSED_AT_SETUP, Answer, Rule, Script, brand_of
from .port import (
    Cancelled,
    CancelResult,
    CardDetails,
    ChargeRequest,
    ChargeResult,
    Declined,
    DisputeDetails,
    FindResult,
    GatewayRefused,
    NeedsAction,
    NotFound,
    Refunded,
    RefundFailed,
    RefundResult,
    Setup,
    SetupStarted,
    Succeeded,
    Unknown,
)
from .rehearsal_books import RehearsalBooks
from .rehearsal_disputes import Disputes
from .rehearsal_records import Customer, GivenBack, Intent, Method, export


class Rehearsal(RehearsalBooks):
    """The in-process adapter of the Gateway port.

    `clock` gives the instants written on charges and read by rules with `since`. With `known_only=False`
    customers and cards it has never seen count as good: a rehearsal of the merchant's own book charges cards that only
    the real gateway knows. `unseen` gives the script of such a card by its id, where it is to behave otherwise.
    """

    is_remote = False

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        known_only: bool = True,
        unseen: Callable[[str], tuple[Rule, ...]] = lambda method_id: (),
    ) -> None:
        self._seed = seed
        self._clock = clock
        self._known_only = known_only
        self._unseen = unseen
        self._met: dict[str, Script] = {}
        self._lock = RLock()
        self._numbers = count(1)
        self._customers: dict[str, Customer] = {}
        self._customer_keys: dict[str, str] = {}
        self._setups: dict[str, Setup] = {}
        self._setup_keys: dict[str, str] = {}
        self._methods: dict[str, Method] = {}
        self._intents: dict[str, Intent] = {}
        self._payment_keys: dict[str, str] = {}
        self._refund_keys: dict[str, RefundResult] = {}
        self._disputes = Disputes(self._id)
        self._given_back: dict[str, GivenBack] = {}

    # The port.

    def create_customer(self, *, key: str, email: str, name: str) -> str:
        with self._lock:
            if key not in self._customer_keys:
                customer = Customer(self._id("cus"), email, name)
                self._customers[customer.id] = customer
                self._customer_keys[key] = customer.id
            return self._customer_keys[key]

    def forget_customer(self, customer_id: str) -> None:
        with self._lock:
            customer = self._customers.get(customer_id)
            if customer:
                customer.email = customer.name = ""

    def start_setup(self, *, customer_id: str, key: str, metadata: Mapping[str, str]) -> SetupStarted:
        with self._lock:
            self._customer(customer_id)
            if key not in self._setup_keys:
                # Real time, like at the real gateway, so that the age of a setup is judged alike.
                created = datetime.now(UTC)
                setup = Setup(self._id("seti"), "requires_payment_method", customer_id, None, created, dict(metadata))
                self._setups[setup.id] = setup
                self._setup_keys[key] = setup.id
            setup_id = self._setup_keys[key]
            return SetupStarted(setup_id, f"{setup_id}_secret")

    def read_setup(self, setup_id: str) -> Setup:
        with self._lock:
            if setup_id not in self._setups:
                raise GatewayRefused("resource_missing", f"No such setupintent: '{setup_id}'")
            setup = self._setups[setup_id]
            return replace(setup, card=self._methods[setup.card.method_id].details) if setup.card else setup

    def read_card(self, method_id: str) -> CardDetails | None:
        with self._lock:
            method = self._methods.get(method_id)
            return method.details if method and method.details.customer_id else None

    def detach_card(self, method_id: str) -> None:
        with self._lock:
            method = self._methods.get(method_id)
            if method:
                method.details = replace(method.details, customer_id="")

    def charge(self, request: ChargeRequest) -> ChargeResult:
        with self._lock:
            known = self._payment_keys.get(request.payment_key)
            if known:
                return self._intents[known].result
            method = self._methods.get(request.method_id)
            if self._known_only and not self._usable(method, request.customer_id):
                return Declined("resource_missing", hard=True, message=f"No such PaymentMethod: '{request.method_id}'")
            script = method.script if method else self._script_of_unseen(request.method_id)
            rule = script.next(now=self._clock())
            if rule and rule.answer is Answer.LOST_BEFORE:
                return Unknown("lost before the charge")
            intent = self._record(request, rule)
            return Unknown("lost after the charge") if rule and rule.answer is Answer.LOST_AFTER else intent.result

    def find_charge(self, *, payment_key: str, customer_id: str, intent_id: str, since: datetime) -> FindResult:
        with self._lock:
            intent = self._intents.get(intent_id or self._payment_keys.get(payment_key, ""))
            return intent.result if intent else NotFound()

    def confirm_details(self, intent_id: str) -> str:
        with self._lock:
            if intent_id not in self._intents:
                raise GatewayRefused("resource_missing", f"No such payment_intent: '{intent_id}'")
            return f"{intent_id}_secret"

    def cancel_charge(self, intent_id: str) -> CancelResult:
        with self._lock:
            intent = self._intents.get(intent_id)
            if intent is None:
                raise GatewayRefused("resource_missing", f"No such payment_intent: '{intent_id}'")
            if isinstance(intent.result, Succeeded):
                return intent.result
            intent.result = Declined("canceled", hard=False, intent_id=intent_id)
            return Cancelled(intent_id)

    def refund(self, *, intent_id: str, money: Money, key: str) -> RefundResult:
        with self._lock:
            if key not in self._refund_keys:
                self._refund_keys[key] = self._refund(intent_id, money, key)
            return self._refund_keys[key]

    def read_dispute(self, dispute_id: str) -> DisputeDetails:
        with self._lock:
            return self._disputes.read(dispute_id)

    def answer_dispute(self, dispute_id: str, *, evidence: Mapping[str, str]) -> None:
        with self._lock:
            self._disputes.answer(dispute_id, dict(evidence))

    def accept_dispute(self, dispute_id: str) -> None:
        with self._lock:
            self._disputes.accept(dispute_id)

    # What the customer and their bank do elsewhere.

    def open_dispute(self, intent_id: str, *, reason: str = "fraudulent") -> DisputeDetails:
        """The customer asks their bank for all the money of a charge."""
        with self._lock:
            money = self._intents[intent_id].request.money
            return self._disputes.open(intent_id, money, reason=reason, now=self._clock())

    def decide_dispute(self, dispute_id: str, *, won: bool) -> DisputeDetails:
        """The bank decides for the shop (`won`) or for the customer."""
        with self._lock:
            return self._disputes.decide(dispute_id, won=won)

    # What the customer does on screen.

    def save_card(
        self,
        setup_id: str,
        *,
        number: str = "4242424242424242",
        exp_month: int = 12,
        exp_year: int = 2099,
        script: tuple[Rule, ...] | None = None,
        fingerprint: str | None = None,
    ) -> Setup:
        """Type a card into the form of a setup. Without a script the test card's number decides how it behaves, and
        without a `fingerprint` it tells which cards are the same."""
        with self._lock:
            setup = self._setups[setup_id]
            if number in REFUSED_AT_SETUP:
                return setup
            details = CardDetails(
                method_id=self._id("pm"),
                brand=brand_of(number),
                last4=number[-4:],
                exp_month=exp_month,
                exp_year=exp_year,
                fingerprint=_fingerprint(number) if fingerprint is None else fingerprint,
                customer_id=setup.customer_id,
            )
            rules = BY_NUMBER.get(number, ()) if script is None else script
            method = Method(details, number, Script(rules, seed=f"{self._seed}:{details.method_id}"))
            self._methods[details.method_id] = method
            self._customers[setup.customer_id].methods.append(details.method_id)
            self._setups[setup_id] = replace(setup, status="succeeded", card=details)
            return self._setups[setup_id]

    def add_card(
        self,
        customer_id: str,
        *,
        number: str = "4242424242424242",
        exp_month: int = 12,
        exp_year: int = 2099,
        script: tuple[Rule, ...] | None = None,
    ) -> CardDetails:
        """Save a card in one step. Raises GatewayRefused when the test card is one that cannot be saved."""
        with self._lock:
            started = self.start_setup(customer_id=customer_id, key=f"add-card:{next(self._numbers)}", metadata={})
            setup = self.save_card(started.id, number=number, exp_month=exp_month, exp_year=exp_year, script=script)
        if setup.card is None:
            raise GatewayRefused("card_declined", "Your card was declined.")
        return setup.card

    def confirm(self, intent_id: str) -> Succeeded:
        """Pass the issuer's challenge of a charge that needs action."""
        with self._lock:
            intent = self._intents[intent_id]
            if not isinstance(intent.result, NeedsAction):
                raise GatewayRefused("payment_intent_unexpected_state", "Nothing to confirm.")
            intent.result = Succeeded(intent_id)
            return intent.result

    # What can be looked at afterwards.

    def export(self) -> dict[str, list[dict]]:
        """All customers with their cards, the charges that succeeded and their refunds, as the sandbox's control API
        imports them."""
        with self._lock:
            return export(self._customers.values(), self._methods, self._intents.values(), self._given_back.values())

    def _id(self, prefix: str) -> str:
        return f"{prefix}_r{self._seed}x{next(self._numbers):08d}"

    def _customer(self, customer_id: str) -> None:
        if customer_id in self._customers:
            return
        if self._known_only:
            raise GatewayRefused("resource_missing", f"No such customer: '{customer_id}'")
        self._customers[customer_id] = Customer(customer_id, "", "")

    def _script_of_unseen(self, method_id: str) -> Script:
        if method_id not in self._met:
            self._met[method_id] = Script(self._unseen(method_id), seed=f"{self._seed}:{method_id}")
        return self._met[method_id]

    def _usable(self, method: Method | None, customer_id: str) -> bool:
        return method is not None and method.details.customer_id == customer_id

    def _record(self, request: ChargeRequest, rule: Rule | None) -> Intent:
        intent_id = self._id("pi")
        result: Succeeded | Declined | NeedsAction = Succeeded(intent_id)
        if rule and rule.answer is Answer.DECLINE:
            result = Declined(rule.code, hard=rule.hard, message="Your card was declined.", intent_id=intent_id)
        elif rule and rule.answer is Answer.AUTHENTICATE:
            result = NeedsAction(intent_id, f"{intent_id}_secret")
        intent = Intent(intent_id, request, self._clock(), result)
        self._intents[intent_id] = intent
        self._payment_keys[request.payment_key] = intent_id
        return intent

    def _refund(self, intent_id: str, money: Money, key: str) -> RefundResult:
        intent = self._intents.get(intent_id)
        if intent is None or not isinstance(intent.result, Succeeded):
            if intent is None and not self._known_only:
                return Refunded(self._id("re"))
            return RefundFailed("resource_missing", f"No charge to refund: '{intent_id}'")
        if (
            money.currency != intent.request.money.currency
            or money.minor > intent.request.money.minor - intent.refunded
        ):
            return RefundFailed("charge_already_refunded", "More than what is left of the charge.")
        intent.refunded += money.minor
        made = GivenBack(self._id("re"), intent_id, key, money, self._clock())
        self._given_back[made.id] = made
        return Refunded(made.id)


def _fingerprint(number: str) -> str:
    return sha1(f"card {number}".encode(), usedforsecurity=False).hexdigest()[:16]
