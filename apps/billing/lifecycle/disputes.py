"""Disputes: needs_response -> under_review -> won | lost, as the gateway tells, and what each does to the books.

Postings, each of a document of its own:

- `dispute-movement:<movement>`: money taken goes from cash to disputes (held by a bank), money given back returns; the
  gateway's fee is an expense, and stays one when we win;
- `dispute-lost:<dispute>:<time>`: what the bank keeps is bad debt. The sale is not taken back by it: a chargeback is
  no credit note, and the tax stays due until staff correct the invoice (`losses`).

A lost dispute is put before staff. Nothing is done to the membership: that is a decision about a customer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing import ledger, losses
from apps.billing.gateway.port import DisputeDetails, Movement
from apps.billing.models import Account, Dispute, DisputeMovement, LedgerEntry, Parked, Payment

from .moves import move

# Events tell sooner; asking is for those that were lost.
ASK_AGAIN = timedelta(days=1)
_STATUS = Dispute.Status


@transaction.atomic
def hear_of_dispute(gateway_id: str, *, intent_id: str, now: datetime) -> Dispute:
    """Somebody says that a dispute exists or moved: the next sweep asks the gateway. Safe to repeat."""
    facts = {"intent_id": intent_id, "created_at": now, "check_at": now}
    dispute, created = Dispute.objects.get_or_create(gateway_id=gateway_id, defaults=facts)
    if not created:
        Dispute.objects.filter(pk=dispute.pk).update(check_at=now)
    return dispute


@transaction.atomic
def learn_of_dispute(dispute_id: int, details: DisputeDetails, *, now: datetime) -> Dispute:
    """Write down what the gateway says of a dispute: its facts, the money it moved, its state. Safe to repeat."""
    dispute = Dispute.objects.select_for_update().get(pk=dispute_id)
    payment = Payment.objects.filter(gateway_id=details.intent_id, gateway_id__gt="").first()
    dispute.payment = payment
    dispute.is_inquiry, dispute.reason, dispute.respond_by = details.is_inquiry, details.reason, details.respond_by
    dispute.amount_minor, dispute.currency, dispute.intent_id = (
        details.money.minor,
        details.money.currency,
        details.intent_id,
    )
    dispute.message = ""
    dispute.save(
        update_fields=[
            "payment", "is_inquiry", "reason", "respond_by", "amount_minor", "currency", "intent_id", "message",
        ]
    )  # fmt: skip
    # Money of a charge that is not in our books has no place in them.
    if payment:
        _book(dispute, details.movements, now=now)
    if dispute.status != details.status:
        _decide(dispute, details.status, now=now)
    if dispute.status == _STATUS.LOST:
        _write_loss(dispute, now=now)
    Dispute.objects.filter(pk=dispute.pk).update(check_at=None if _is_done(dispute) else now + ASK_AGAIN)
    return dispute


def _book(dispute: Dispute, movements: tuple[Movement, ...], *, now: datetime) -> None:
    known = set(dispute.movements.values_list("gateway_id", flat=True))
    for told in movements:
        if told.id in known:
            continue
        row = DisputeMovement.objects.create(
            dispute=dispute,
            gateway_id=told.id,
            amount_minor=told.amount.minor,
            currency=told.amount.currency,
            fee_minor=told.fee.minor,
            fee_currency=told.fee.currency,
            at=now,
        )
        entries = [
            (Account.CASH, told.amount),
            (Account.DISPUTES, -told.amount),
            (Account.GATEWAY_FEES, told.fee),
            (Account.CASH, -told.fee),
        ]
        ledger.post(f"dispute-movement:{row.pk}", entries, customer_id=_customer_id(dispute), now=now)


def _decide(dispute: Dispute, status: str, *, now: datetime) -> None:
    if dispute.status == _STATUS.LOST:
        # A bank may change its mind: the loss is undone, and what it gives back comes as a movement.
        ledger.reverse(losses.loss_key(dispute), as_key=f"{losses.loss_key(dispute)}:undone", now=now)
        losses.keep_for_customer(dispute, now=now)
    elif status == _STATUS.LOST:
        losses.keep_no_more(dispute, now=now)
    closed = status in {_STATUS.WON, _STATUS.LOST}
    move(dispute, status, now=now, closed_at=now if closed else None)
    if status == _STATUS.LOST:
        text = _("The dispute of payment %(payment)s is lost: decide whether the membership goes on, and the sale.")
        named = {"payment": dispute.payment or dispute.intent_id}
        Parked.objects.put("dispute_lost", ref=dispute.gateway_id, reason=text % named, now=now)


def _write_loss(dispute: Dispute, *, now: datetime) -> None:
    """What the bank keeps is lost, once it is known to have it."""
    held = losses.held(dispute)
    if not held or LedgerEntry.objects.of_document(losses.loss_key(dispute)).exists():
        return
    entries = [(Account.BAD_DEBT, held), (Account.DISPUTES, -held)]
    ledger.post(losses.loss_key(dispute), entries, customer_id=_customer_id(dispute), now=now)


def _is_done(dispute: Dispute) -> bool:
    """Whether nothing more is to come: the bank decided, and the money is where it then belongs."""
    if dispute.payment is None or dispute.is_inquiry:
        return dispute.is_closed
    match dispute.status:
        case _STATUS.WON:
            return not losses.held(dispute)
        case _STATUS.LOST:
            return bool(losses.held(dispute))
        case _:
            return False


def _customer_id(dispute: Dispute) -> int | None:
    return dispute.payment.invoice.customer_id if dispute.payment else None
