"""Finding the two sides of what is compared: the gateway's records and the rows of the shop, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from django.db import connection
from django.db.models import Q

from apps.core.money import Money

from . import differences, gateway
from .differences import Concerns, Difference
from .gateway.books import ChargeRecord, DisputeRecord, RefundRecord
from .models import Break, Dispute, Invoice, Payment, Refund

# One statement is one snapshot: a payment that settles meanwhile is on both sides or on none.
_CASH = """
SELECT currency, sum(ledger), sum(paid) FROM (
    SELECT currency, amount_minor AS ledger, 0 AS paid FROM billing_ledgerentry WHERE account = 'cash'
    UNION ALL SELECT currency, 0, amount_minor FROM billing_payment WHERE status = 'succeeded'
    UNION ALL SELECT currency, 0, -amount_minor FROM billing_refund WHERE status = 'succeeded'
    UNION ALL SELECT currency, 0, amount_minor FROM billing_disputemovement
    UNION ALL SELECT fee_currency, 0, -fee_minor FROM billing_disputemovement
) AS sides GROUP BY currency HAVING sum(ledger) <> sum(paid) ORDER BY currency
"""


def charges(records: Sequence[ChargeRecord]) -> list[Difference]:
    """What differs about these charges. A charge belongs to the payment that names it, else to the one it names."""
    named = Q(gateway_id__in=[record.intent_id for record in records], gateway_id__gt="")
    named |= Q(key__in=[key for record in records if (key := _uuid(record.payment_key))])
    payments = list(Payment.objects.filter(named).select_related("invoice"))
    by_intent = {payment.gateway_id: payment for payment in payments if payment.gateway_id}
    by_key = {payment.idempotency_key: payment for payment in payments}
    numbers = [record.invoice_number for record in records if record.invoice_number]
    invoices = {invoice.number: invoice for invoice in Invoice.objects.filter(number__in=numbers)}
    found = [
        differences.of_charge(
            record,
            by_intent.get(record.intent_id) or by_key.get(record.payment_key),
            invoices.get(record.invoice_number),
        )
        for record in records
    ]
    return [difference for difference in found if difference]


def refunds(records: Sequence[RefundRecord]) -> list[Difference]:
    """What differs about these refunds."""
    named = Q(gateway_id__in=[record.refund_id for record in records], gateway_id__gt="")
    named |= Q(key__in=[record.key for record in records if record.key], gateway_id="")
    rows = list(Refund.objects.filter(named).select_related("payment__invoice"))
    by_id = {refund.gateway_id: refund for refund in rows if refund.gateway_id}
    by_key = {refund.key: refund for refund in rows if not refund.gateway_id}
    payments = _payments_of([record.intent_id for record in records])
    found = [
        differences.of_refund(
            record, by_id.get(record.refund_id) or by_key.get(record.key), payments.get(record.intent_id)
        )
        for record in records
    ]
    return [difference for difference in found if difference]


def disputes(records: Sequence[DisputeRecord]) -> list[Difference]:
    """Those of these disputes that nobody in the shop has heard of."""
    known = heard_of_disputes([record.dispute_id for record in records])
    payments = _payments_of([record.intent_id for record in records])
    return [
        differences.of_dispute(record, payments.get(record.intent_id))
        for record in records
        if record.dispute_id not in known
    ]


def heard_of_disputes(dispute_ids: Sequence[str]) -> set[str]:
    """Which of these disputes the shop knows."""
    return set(Dispute.objects.filter(gateway_id__in=dispute_ids).values_list("gateway_id", flat=True))


def cash() -> list[Difference]:
    """The currencies in which the ledger's cash is not what was paid less what went back."""
    with connection.cursor() as cursor:
        cursor.execute(_CASH)
        rows = cursor.fetchall()
    found = [
        differences.of_cash(Money(int(ledger), currency), Money(int(paid), currency)) for currency, ledger, paid in rows
    ]
    return [difference for difference in found if difference]


def again(found: Break, *, cash: dict[str, Difference]) -> Difference | None:
    """What differs now where a break was found; asks the gateway."""
    match found.subject:
        case Break.Subject.CHARGE:
            return _charge_again(found)
        case Break.Subject.REFUND:
            return _refund_again(found)
        case Break.Subject.DISPUTE:
            return None if heard_of_disputes([found.ref]) else _as_it_was(found)
        case _:
            return cash.get(found.ref)


def _charge_again(found: Break) -> Difference | None:
    record = gateway.get().read_charge(found.ref)
    if record:
        return next(iter(charges([record])), None)
    payment = Payment.objects.filter(gateway_id=found.ref).select_related("invoice").first()
    return differences.of_lost_payment(payment) if payment else None


def _refund_again(found: Break) -> Difference | None:
    record = gateway.get().read_refund(found.ref)
    if record:
        return next(iter(refunds([record])), None)
    refund = Refund.objects.filter(gateway_id=found.ref).select_related("payment__invoice").first()
    return differences.of_lost_refund(refund) if refund else None


def _as_it_was(found: Break) -> Difference:
    return Difference(
        subject=Break.Subject(found.subject),
        kind=Break.Kind(found.kind),
        ref=found.ref,
        here=found.here,
        there=found.there,
        money=found.amount,
        fix=Break.Fix(found.fix),
        concerns=Concerns(
            customer_id=found.customer_id,
            invoice_id=found.invoice_id,
            payment_id=found.payment_id,
            refund_id=found.refund_id,
        ),
    )


def _payments_of(intent_ids: Sequence[str]) -> dict[str, Payment]:
    named = [intent_id for intent_id in intent_ids if intent_id]
    return {row.gateway_id: row for row in Payment.objects.filter(gateway_id__in=named).select_related("invoice")}


def _uuid(text: str) -> UUID | None:
    """A key of ours, or None: others may write what they like in the metadata of their intents."""
    with suppress(ValueError):
        return UUID(text)
    return None
