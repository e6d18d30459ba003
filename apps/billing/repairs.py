"""Carrying out what a break suggests, where that is safe: always by the gateway's word of this very moment.

Never call these inside a transaction. They raise GatewayUnavailable and GatewayMisconfigured.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext as _

from . import collection, gateway, hints, lifecycle, limits, reconciliation, refunds
from .gateway.books import ChargeRecord, RefundRecord, Standing
from .gateway.port import Succeeded
from .lifecycle import breaks
from .models import Break, Parked, Payment, Refund


class CannotRepair(Exception):
    """There is no safe step, or it does not fit any more. The text is for staff; nothing was changed."""


def repair(break_id: int, *, actor: str, now: datetime) -> Break:
    """Take the suggested step, and resolve the break in the name of `actor`. One that is gone by itself is closed and
    nothing else is done. Raises CannotRepair."""
    found = Break.objects.select_related("payment", "refund", "invoice").get(pk=break_id)
    if found.status != Break.Status.OPEN:
        raise CannotRepair(_("This difference is closed already."))
    if not found.can_be_repaired:
        raise CannotRepair(_("There is no step that would be safe: look into it at the gateway."))
    if reconciliation.recheck(found, now=now).status != Break.Status.OPEN:
        return Break.objects.get(pk=break_id)
    _STEPS[Break.Fix(found.fix)](found, actor, now)
    return breaks.resolve(break_id, note=found.get_fix_display(), actor=actor, now=now)


def _settle(found: Break, actor: str, now: datetime) -> None:
    record = _taken(found)
    if found.payment_id is None or found.payment is None or found.payment.amount != record.money:
        raise CannotRepair(_("The gateway took another amount than the payment says."))
    collection.write_down(found.payment_id, Succeeded(record.intent_id), now=now)


def _adopt(found: Break, actor: str, now: datetime) -> None:
    record = _taken(found)
    if found.invoice_id is None:
        raise CannotRepair(_("The shop does not know what this charge is for."))
    try:
        lifecycle.adopt(found.invoice_id, intent_id=record.intent_id, money=record.money, now=now)
    except lifecycle.DoesNotFit as problem:
        raise CannotRepair(_("The invoice is open for another amount.")) from problem


def _adopt_refund(found: Break, actor: str, now: datetime) -> None:
    record = gateway.get().read_refund(found.ref)
    if record is None or record.standing is not Standing.MOVED or found.payment_id is None:
        raise CannotRepair(_("The gateway does not say any more that this money went back."))
    _check_room(found.payment_id, record)
    lifecycle.adopt_refund(
        found.payment_id,
        refund_id=record.refund_id,
        money=record.money,
        reason=_("Refunded in the gateway's own pages"),
        now=now,
    )
    Parked.objects.filter(kind="refund_outside", ref=record.intent_id).resolve(by=actor, now=now)


def _ask(found: Break, actor: str, now: datetime) -> None:
    """The next sweep asks: the janitor about a charge, the refund's own about a refund."""
    if found.refund:
        asked = Refund.objects.filter(pk=found.refund.pk)
        asked.exclude(status__in=[Refund.Status.PROCESSING, Refund.Status.FAILED]).update(next_try_at=now)
    elif found.payment:
        asked_about = Payment.objects.filter(pk=found.payment.pk)
        asked_about.exclude(status=Payment.Status.PROCESSING).update(check_at=now)


def _park(found: Break, actor: str, now: datetime) -> None:
    intent_id = found.payment.gateway_id if found.payment else ""
    hints.dispute_moved(dispute_id=found.ref, intent_id=intent_id, now=now)


_STEPS: dict[Break.Fix, Callable[[Break, str, datetime], None]] = {
    Break.Fix.SETTLE: _settle,
    Break.Fix.ADOPT: _adopt,
    Break.Fix.ADOPT_REFUND: _adopt_refund,
    Break.Fix.ASK: _ask,
    Break.Fix.PARK: _park,
}


def _taken(found: Break) -> ChargeRecord:
    record = gateway.get().read_charge(found.ref)
    if record is None or record.standing is not Standing.MOVED:
        raise CannotRepair(_("The gateway does not say any more that this money was taken."))
    return record


def _check_room(payment_id: int, record: RefundRecord) -> None:
    payment = Payment.objects.get(pk=payment_id)
    left = refunds.refundable(payment)
    if record.money.currency != left.currency or record.money.minor > left.minor:
        raise CannotRepair(_("More went back than the payment has left in the books."))
    if not payment.surplus and record.money.minor > refunds.payable_back(payment).minor:
        text = _("The invoice has not so much left to take back. %(limit)s")
        raise CannotRepair(text % {"limit": limits.to_card(payment).text})
