"""What the shop asks of a payment gateway, and the answers it may get.

Outcomes of a charge or refund are values, because every one of them has a next step in the shop's books. Exceptions are
kept for what has none: the gateway cannot be reached while a person waits, or it is set up wrongly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from apps.core.money import Money

from .books import Books


class GatewayError(Exception):
    """Base of what an adapter raises."""


class GatewayUnavailable(GatewayError):
    """No usable answer (network, timeout, gateway's own failure). The same call may be repeated with the same key."""


class GatewayMisconfigured(GatewayError):
    """Our own account or key is refused. It says nothing about any customer: nobody may be declined for it."""


class GatewayRefused(GatewayError):
    """The request is wrong and will stay wrong: an object that is not there, or not usable."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The money was taken."""

    intent_id: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The money was not taken, and will not be by this attempt.

    `code` is the gateway's most exact reason. `hard`: charging this card again is pointless or forbidden by the card
    schemes; ask for another card. `message` is the gateway's English sentence, for staff.
    """

    code: str
    hard: bool
    message: str = ""
    intent_id: str = ""


@dataclass(frozen=True, slots=True)
class NeedsAction:
    """The customer must confirm on their own screen; the same intent goes on with `client_secret`."""

    intent_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The money may have been taken or not: ask later with `find_charge`, never charge again before."""

    reason: str
    intent_id: str = ""


@dataclass(frozen=True, slots=True)
class Throttled:
    """The gateway refused to look at the request (too many). Surely nothing was charged: it may be sent again."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class NotFound:
    """The gateway has no charge with this key. Just after a charge this may only mean "not yet"."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The intent can no longer be confirmed by anyone."""

    intent_id: str


@dataclass(frozen=True, slots=True)
class Refunded:
    refund_id: str


@dataclass(frozen=True, slots=True)
class RefundFailed:
    """The refund was refused or bounced. `code` and `message` are the gateway's."""

    code: str
    message: str = ""
    refund_id: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that a dispute moved. `amount` is what our balance felt (- taken, + given back), in the currency of the
    charge; `fee` is what the gateway charged for it, in the currency of our account there."""

    id: str
    amount: Money
    fee: Money


@dataclass(frozen=True, slots=True)
class DisputeDetails:
    """A dispute as it is now. `status` is "needs_response", "under_review", "won" or "lost"; an inquiry is a question
    of the bank that took no money."""

    id: str
    intent_id: str
    status: str
    reason: str
    money: Money
    is_inquiry: bool = False
    respond_by: datetime | None = None
    movements: tuple[Movement, ...] = ()


type ChargeResult = Succeeded | Declined | NeedsAction | Unknown | Throttled
type FindResult = Succeeded | Declined | NeedsAction | Unknown | NotFound
type CancelResult = Cancelled | Succeeded | Unknown
type RefundResult = Refunded | RefundFailed | Unknown | Throttled


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """One attempt to take `money` from a saved card. `payment_key` names the attempt for ever, at the gateway too."""

    payment_key: str
    customer_id: str
    method_id: str
    money: Money
    on_session: bool
    description: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CardDetails:
    method_id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    fingerprint: str = ""
    customer_id: str = ""


@dataclass(frozen=True, slots=True)
class SetupStarted:
    id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Setup:
    """A card being saved. `created_at` is real time (UTC), `status` the gateway's word: only "succeeded" is usable."""

    id: str
    status: str
    customer_id: str
    card: CardDetails | None
    created_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


class Gateway(Books, Protocol):
    """A payment gateway. Every method may block on the network: never call one inside a transaction.

    Every method raises GatewayMisconfigured when our own key is refused. Those that return no outcome also raise
    GatewayUnavailable (repeat later) and GatewayRefused (the object is not there or not usable).
    """

    is_remote: bool
    """Whether a call waits for a network, so that many at a time are faster."""

    def create_customer(self, *, key: str, email: str, name: str) -> str:
        """Open a customer; the same key with the same data gives the same customer."""

    def forget_customer(self, customer_id: str) -> None:
        """Empty whatever names a customer: name, addresses, telephone, description, metadata. The customer stays, with
        the payments and refunds that hang on it; one that is gone is forgotten already. Safe to repeat.
        """

    def start_setup(self, *, customer_id: str, key: str, metadata: Mapping[str, str]) -> SetupStarted:
        """Begin saving a card for charges without the customer present."""

    def read_setup(self, setup_id: str) -> Setup:
        """How far the saving of a card is. GatewayRefused("resource_missing") when there is none."""

    def read_card(self, method_id: str) -> CardDetails | None:
        """The saved card as it is now; None when it was detached or never existed."""

    def detach_card(self, method_id: str) -> None:
        """Forget a saved card. Safe to repeat."""

    def charge(self, request: ChargeRequest) -> ChargeResult:
        """Take money now. Repeating it with the same `payment_key` never charges twice while the key is remembered
        (24 h at Stripe); after that ask `find_charge` first.
        """

    def find_charge(self, *, payment_key: str, customer_id: str, intent_id: str, since: datetime) -> FindResult:
        """What became of a charge: by its intent when known (else ""), else by key among the customer's since `since`.

        `since` is an instant before the charge on the gateway's clock, which the time machine does not move; take off
        some minutes for clocks that differ.
        """

    def confirm_details(self, intent_id: str) -> str:
        """The client secret with which the customer's browser goes on with an open intent."""

    def cancel_charge(self, intent_id: str) -> CancelResult:
        """Close an unpaid intent so that a page left open cannot pay it later. Succeeded if it was paid first."""

    def refund(self, *, intent_id: str, money: Money, key: str) -> RefundResult:
        """Give money back. Safe to repeat for ever with the same key; Unknown while under way at the bank."""

    def read_dispute(self, dispute_id: str) -> DisputeDetails:
        """A dispute with the money it moved so far. GatewayRefused("resource_missing") when there is none."""

    def answer_dispute(self, dispute_id: str, *, evidence: Mapping[str, str]) -> None:
        """Send the bank what proves the purchase, for good. GatewayRefused when it takes no answer any more."""

    def accept_dispute(self, dispute_id: str) -> None:
        """Give in: the dispute is lost. GatewayRefused when it is decided already."""
