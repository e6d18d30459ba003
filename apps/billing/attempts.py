"""Trying again to collect an invoice, and when that is forbidden."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max
from django.utils.translation import gettext as _

from . import rules
from .models import Card, Invoice, Payment, Profile, Recovery


class RetryRefused(Exception):
    """The invoice must not be tried in this way. Nothing was changed."""


class TooManyTries(RetryRefused):
    """Every try that the policy allows in its days is used up; only the customer may try again."""


class CardBarred(RetryRefused):
    """The bank forbids this card for good: only another one may be charged."""


class CustomerNeeded(RetryRefused):
    """The bank wants the customer to confirm: it must not be tried with this card without them."""


def new_attempt(invoice: Invoice, *, card: Card | None, on_session: bool, now: datetime) -> Payment:
    """The next pending payment of an invoice that is locked; `card` None means the default at its time. Raises as
    `check`."""
    check(invoice, card=card, on_session=on_session, now=now)
    last = invoice.payments.aggregate(last=Max("attempt"))["last"] or 0
    return Payment.objects.create(
        invoice=invoice,
        card=card,
        attempt=last + 1,
        amount_minor=invoice.due_minor,
        currency=invoice.currency,
        on_session=on_session,
        due_at=now,
        created_at=now,
    )


def check(invoice: Invoice, *, card: Card | None, on_session: bool, now: datetime) -> None:
    """Raise TooManyTries, CardBarred or CustomerNeeded where the invoice must not be tried.

    Whoever is present may try as often as they like, but not with a card that is barred: the cap is for the attempts
    that the shop makes by itself.
    """
    chosen = card or default_card(invoice)
    if is_barred(invoice, chosen):
        raise CardBarred(_("The bank does not allow this card to be charged again for this invoice."))
    if on_session:
        return
    last = Payment.objects.filter(invoice=invoice, card=chosen).order_by("-attempt").first()
    if last and rules.asks_for_customer(last.status, last.decline_code):
        raise CustomerNeeded(_("The bank wants the customer to confirm: only they can pay with this card."))
    if tries_left(invoice, now=now) < 1:
        raise TooManyTries(_("This invoice was tried as often as its policy allows: only the customer can pay it now."))


def tries_left(invoice: Invoice, *, now: datetime) -> int:
    """How many more attempts the invoice's policy allows at `now`. The customer's own count too."""
    recovery = Recovery.objects.select_related("policy").filter(invoice=invoice).first()
    most, days = rules.MAX_TRIES, rules.TRIES_WITHIN_DAYS
    if recovery:
        most, days = recovery.policy.max_tries, recovery.policy.tries_within_days
    return most - Payment.objects.filter(invoice=invoice).tried_since(now - timedelta(days=days)).count()


def is_barred(invoice: Invoice, card: Card | None) -> bool:
    """Whether an earlier try of the invoice with this card, or without any, says that another is pointless for good."""
    return Payment.objects.filter(invoice=invoice, card=card, decline_hard=True).exists()


def default_card(invoice: Invoice) -> Card | None:
    """The usable card that the customer's charges go to."""
    profile = Profile.objects.of(invoice.customer_id)
    card = profile.default_card if profile else None
    return card if card and card.detached_at is None else None
