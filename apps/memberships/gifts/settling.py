"""What happens to a gift when billing says how its invoice went, and when its time is over. All are safe to repeat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing import invoices
from apps.billing.models import Invoice, Payment
from apps.memberships.models import Gift, GiftStatus

from . import emails, lifecycle

BATCH = 200


def paid(invoice_ids: Sequence[int], *, now: datetime) -> None:
    """The gifts among them are paid: they wait to be redeemed, and their letters are written."""
    gifts = Gift.objects.select_for_update(of=("self",)).select_related("price__plan", "buyer").order_by("pk")
    for gift in gifts.filter(invoice__in=invoice_ids, status=GiftStatus.OPEN):
        lifecycle.pay(gift, now=now)
        emails.bought(gift, now=now)
        if gift.recipient_email:
            emails.delivery(gift, now=now)


def failed(invoice_id: int, payment_id: int, *, now: datetime) -> None:
    """A payment was refused: the gift comes to nothing. One that waits for the buyer's bank leaves it waiting."""
    payment = Payment.objects.get(pk=payment_id)
    gift = Gift.objects.filter(invoice=invoice_id).first()
    if gift is not None and payment.status != Payment.Status.NEEDS_ACTION:
        abandon(gift.pk, problem=payment.message or _("Your card was declined."), now=now)


def voided(invoice_id: int, *, now: datetime) -> None:
    """The invoice was withdrawn: the gift comes to nothing."""
    gift = _locked_by_invoice(invoice_id)
    if gift is not None:
        lifecycle.fail(gift, problem=_("The invoice was withdrawn."), now=now)


@transaction.atomic
def abandon(gift_id: int, *, problem: str, now: datetime) -> Gift:
    """Close a gift that was not paid, and withdraw its invoice; a payment that succeeds later is sent back."""
    # The invoice before the gift, as a payment that settles locks them.
    list(Invoice.objects.filter(gift=gift_id).select_for_update().values_list("pk"))
    gift = Gift.objects.select_for_update(of=("self",)).select_related("invoice").get(pk=gift_id)
    if gift.status != GiftStatus.OPEN:
        return gift
    lifecycle.fail(gift, problem=problem, now=now)
    if gift.invoice is not None and gift.invoice.status == Invoice.Status.OPEN:
        invoices.void(gift.invoice.pk, reason=problem, now=now)
    return gift


def lapse_due(*, now: datetime) -> int:
    """Close the gifts that nobody redeemed in time, in batches that several workers share; returns how many."""
    handled = 0
    while batch := _lapse_batch(now=now):
        handled += batch
    return handled


@transaction.atomic
def _lapse_batch(*, now: datetime) -> int:
    gifts = list(Gift.objects.to_lapse(now).select_for_update(skip_locked=True)[:BATCH])
    for gift in gifts:
        lifecycle.lapse(gift, now=now)
    return len(gifts)


def _locked_by_invoice(invoice_id: int) -> Gift | None:
    return (
        Gift.objects.select_for_update(of=("self",))
        .select_related("price__plan", "buyer")
        .filter(invoice=invoice_id)
        .first()
    )
