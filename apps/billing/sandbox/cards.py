"""Stripe's test cards and how their issuers answer.

Source: https://docs.stripe.com/testing (card numbers, payment method aliases, decline codes).
"""

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Decline:
    """An issuer's refusal as it appears in a card error."""

    code: str
    decline_code: str | None
    message: str


DECLINED = "Your card was declined."
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
DECLINES = {
    "authentication_required": AUTHENTICATION_REQUIRED,
    "expired_card": Decline("expired_card", None, "Your card has expired."),
    "incorrect_cvc": Decline("incorrect_cvc", None, "Your card's security code is incorrect."),
    "processing_error": Decline(
        "processing_error", None, "An error occurred while processing your card. Try again in a little bit."
    ),
    "insufficient_funds": Decline("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    **{
        reason: Decline("card_declined", reason, DECLINED)
        for reason in (
            "generic_decline",
            "lost_card",
            "stolen_card",
            "do_not_honor",
            "fraudulent",
            "pickup_card",
            "restricted_card",
            "transaction_not_allowed",
            "try_again_later",
            "issuer_not_available",
            "card_velocity_exceeded",
            "revocation_of_authorization",
            "stop_payment_order",
        )
    },
}
LIVE_CARD = Decline(
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test"
    " cards, visit: https://stripe.com/docs/testing.",
)
WRONG_NUMBER = Decline("incorrect_number", None, "Your card number is incorrect.")

NEVER, ON_SESSION, UNLESS_SET_UP, ALWAYS = "never", "on_session", "unless_set_up", "always"


@dataclass(frozen=True, slots=True)
class Card:
    """A test card. ``setup`` and ``charge`` name the decline at that moment; ``three_ds``: when it wants 3-D Secure."""

    number: str
    aliases: tuple[str, ...]
    brand: str = "visa"
    setup: str | None = None
    charge: str | None = None
    three_ds: str = NEVER
    dispute: str | None = None
    country: str = "US"
    funding: str = "credit"

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def fingerprint(self) -> str:
        """The same for the same number, for ever."""
        return sha256(f"card {self.number}".encode()).hexdigest()[:16]


def _declined(number: str, reason: str, *aliases: str) -> Card:
    return Card(number, aliases, setup=reason, charge=reason)


CARDS = (
    Card("4242424242424242", ("pm_card_visa", "pm_card_us")),
    Card("4000056655665556", ("pm_card_visa_debit",), funding="debit"),
    Card("5555555555554444", ("pm_card_mastercard",), brand="mastercard"),
    Card("5200828282828210", ("pm_card_mastercard_debit",), brand="mastercard", funding="debit"),
    Card("378282246310005", ("pm_card_amex",), brand="amex"),
    Card("6011111111111117", ("pm_card_discover",), brand="discover"),
    Card("4000003800000008", ("pm_card_it",), country="IT"),
    Card("4000002500000003", ("pm_card_fr",), country="FR"),
    Card("4000006420000001", ("pm_card_ro",), country="RO"),
    Card("4000002760000016", ("pm_card_de",), country="DE"),
    Card("4000002500003155", ("pm_card_authenticationRequiredOnSetup",), three_ds=UNLESS_SET_UP),
    Card("4000002760003184", ("pm_card_authenticationRequired",), three_ds=ALWAYS),
    Card("4000003800000446", ("pm_card_authenticationRequiredSetupForOffSession",), three_ds=ON_SESSION),
    Card("4000000000003220", ("pm_card_threeDSecure2Required",), three_ds=UNLESS_SET_UP),
    Card(
        "4000008260003178",
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",),
        charge="insufficient_funds",
        three_ds=UNLESS_SET_UP,
    ),
    Card("4000000000000341", ("pm_card_chargeCustomerFail",), charge="generic_decline"),
    _declined("4000000000009995", "insufficient_funds", "pm_card_visa_chargeDeclinedInsufficientFunds"),
    _declined("4000000000000002", "generic_decline", "pm_card_visa_chargeDeclined", "pm_card_chargeDeclined"),
    _declined("4000000000000069", "expired_card", "pm_card_chargeDeclinedExpiredCard"),
    _declined("4000000000000127", "incorrect_cvc", "pm_card_chargeDeclinedIncorrectCvc"),
    _declined("4000000000009987", "lost_card", "pm_card_visa_chargeDeclinedLostCard"),
    _declined("4000000000009979", "stolen_card", "pm_card_visa_chargeDeclinedStolenCard"),
    _declined("4000000000000119", "processing_error", "pm_card_chargeDeclinedProcessingError"),
    Card("4000000000000259", ("pm_card_createDispute",), dispute="fraudulent"),
    Card("4000000000002685", ("pm_card_createDisputeProductNotReceived",), dispute="product_not_received"),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_ALIAS = {alias: card for card in CARDS for alias in card.aliases}


def passes_luhn(number: str) -> bool:
    """Whether the check digit of a card number is right (ISO/IEC 7812-1)."""
    if not number.isdigit() or not 12 <= len(number) <= 19:
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def find(number: str) -> Card | Decline:
    """The test card with this number, or why it is refused."""
    card = BY_NUMBER.get(number)
    if card is not None:
        return card
    return LIVE_CARD if passes_luhn(number) else WRONG_NUMBER


class Approved:
    """The issuer agrees."""


class Challenge:
    """The issuer wants the cardholder to authenticate first."""


APPROVED, CHALLENGE = Approved(), Challenge()
Verdict = Approved | Challenge | Decline


def set_up(card: Card, *, authenticated: bool, override: str | None) -> Verdict:
    """The issuer's answer when a card is saved for later."""
    if override == "ok":
        return APPROVED
    if override == "authentication_required":
        return APPROVED if authenticated else CHALLENGE
    reason = override or card.setup
    if reason:
        return DECLINES[reason]
    if card.three_ds in (UNLESS_SET_UP, ALWAYS) and not authenticated:
        return CHALLENGE
    return APPROVED


def charge(card: Card, *, off_session: bool, was_set_up: bool, authenticated: bool, override: str | None) -> Verdict:
    """The issuer's answer when a card is charged.

    ``off_session``: the cardholder is away; ``was_set_up``: the card was authenticated for such payments before;
    ``authenticated``: the cardholder has just passed a challenge for this payment; ``override``: a decline code, ``ok``
    or None, set through the control API.
    """
    if override == "ok":
        return APPROVED
    if override and override != "authentication_required":
        return DECLINES[override]
    asks = (
        override == "authentication_required"
        or card.three_ds == ALWAYS
        or (card.three_ds == UNLESS_SET_UP and not (off_session and was_set_up))
        or (card.three_ds == ON_SESSION and not off_session)
    )
    if asks and not authenticated:
        return AUTHENTICATION_REQUIRED if off_session else CHALLENGE
    return DECLINES[card.charge] if card.charge else APPROVED
