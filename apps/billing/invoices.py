"""Issuing and withdrawing invoices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction

from apps.core.money import Money

from . import credit, ledger, lifecycle, recognition
from .drafts import Draft, LineDraft
from .models import Account, CreditEntry, Invoice, InvoiceLine, InvoiceSeries, Payment

__all__ = ["CannotVoid", "Draft", "LineDraft", "issue", "void"]

SERIES = "main"


class CannotVoid(Exception):
    """The invoice is paid or written off already, or a charge for it is on its way."""


@transaction.atomic
def issue(drafts: Sequence[Draft], *, now: datetime, series: str = SERIES) -> list[Invoice]:
    """Issue many invoices at once; the number of statements does not depend on how many.

    Each gets the next number of the series, its lines, its postings, the customer's credit as far as it goes, and a
    pending payment of what is left; one on which nothing is left is paid at once and `invoice_paid` is sent (a receipt
    and a signal are work for each such invoice). The numbers have no gap: the series is locked until the caller's
    transaction ends, and a rollback gives them back.

    Raises ValueError for a draft without lines or with a negative total, and IntegrityError for a key that exists
    already; both leave everything as it was. Returns the invoices in the order of the drafts.
    """
    if not drafts:
        return []
    for draft in drafts:
        if not draft.lines or draft.total_minor < 0:
            raise ValueError(f"The draft {draft.key} has no lines or a negative total")
    credits_used = _use_credit(drafts)
    invoices = _number_and_create(drafts, credits_used, series=series, now=now)
    pairs = list(zip(invoices, drafts, strict=True))
    lines = InvoiceLine.objects.bulk_create([line for invoice, draft in pairs for line in _lines(invoice, draft)])
    recognition.schedule(lines)
    Payment.objects.bulk_create([_payment(invoice, draft, now=now) for invoice, draft in pairs if invoice.due_minor])
    ledger.post_many([posting for invoice, draft in pairs for posting in postings(invoice, draft.lines)], now=now)
    CreditEntry.objects.bulk_create([_credit_entry(invoice, now=now) for invoice in invoices if invoice.credit_applied])
    lifecycle.pay_at_issue([invoice for invoice in invoices if not invoice.due_minor], now=now)
    return invoices


@transaction.atomic
def void(invoice_id: int, *, reason: str, now: datetime, actor: str = "") -> Invoice:
    """Withdraw an open invoice: OPEN -> VOID, its pending payment is cancelled, used credit comes back.

    A charge that waits for the customer is closed by the janitor; one that turns out to have been paid is refunded.
    Void already: nothing. Raises CannotVoid when it is paid or written off."""
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("customer").get(pk=invoice_id)
    if invoice.status == Invoice.Status.VOID:
        return invoice
    if invoice.status != Invoice.Status.OPEN:
        raise CannotVoid(f"Invoice {invoice.number} is {invoice.status}")
    for payment in invoice.payments.open().select_for_update():
        if payment.status == Payment.Status.PENDING:
            lifecycle.withdraw(payment, reason=reason, now=now)
        elif payment.status == Payment.Status.NEEDS_ACTION:
            invoice.payments.filter(pk=payment.pk).update(check_at=now)
    lifecycle.void(invoice, reason=reason, actor=actor, now=now)
    return invoice


def _use_credit(drafts: Sequence[Draft]) -> list[int]:
    """Minor units of credit for each draft, in order; the accounts stay locked."""
    left = credit.lock({draft.customer.pk for draft in drafts})
    used = []
    for draft in drafts:
        account = (draft.customer.pk, draft.currency)
        share = min(left.get(account, 0), draft.total_minor)
        if share:
            left[account] -= share
        used.append(share)
    return used


def _number_and_create(
    drafts: Sequence[Draft], credits_used: Sequence[int], *, series: str, now: datetime
) -> list[Invoice]:
    row, first = _take_numbers(series, len(drafts))
    return Invoice.objects.bulk_create(
        Invoice(
            customer=draft.customer,
            key=draft.key,
            series=row,
            serial=serial,
            number=row.printed(serial),
            reason=draft.reason,
            currency=draft.currency,
            total_minor=draft.total_minor,
            tax_minor=draft.tax_minor,
            credit_applied_minor=used,
            due_minor=draft.total_minor - used,
            customer_name=draft.customer.name,
            customer_email=draft.customer.email,
            customer_country=draft.customer.country,
            issued_at=now,
        )
        for serial, (draft, used) in enumerate(zip(drafts, credits_used, strict=True), start=first)
    )


def _take_numbers(code: str, count: int) -> tuple[InvoiceSeries, int]:
    """The series and the first of `count` numbers taken from it. Raises InvoiceSeries.DoesNotExist."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_invoiceseries SET next_number = next_number + %s WHERE code = %s"
            " RETURNING id, code, prefix, next_number",
            [count, code],
        )
        row = cursor.fetchone()
    if row is None:
        raise InvoiceSeries.DoesNotExist(f"There is no invoice series {code}")
    series = InvoiceSeries(id=row[0], code=row[1], prefix=row[2], next_number=row[3])
    return series, series.next_number - count


def _lines(invoice: Invoice, draft: Draft) -> list[InvoiceLine]:
    return [
        InvoiceLine(
            invoice=invoice,
            position=position,
            kind=line.kind,
            description=line.description,
            quantity=line.quantity,
            unit_minor=line.amount_minor if line.unit_minor is None else line.unit_minor,
            amount_minor=line.amount_minor,
            net_minor=line.net_minor,
            tax_minor=line.tax_minor,
            tax_basis_points=line.tax_basis_points,
            period_start=line.period_start,
            period_end=line.period_end,
            inputs=dict(line.inputs),
        )
        for position, line in enumerate(draft.lines, start=1)
    ]


def _payment(invoice: Invoice, draft: Draft, *, now: datetime) -> Payment:
    return Payment(
        invoice=invoice,
        card_id=draft.card_id,
        amount_minor=invoice.due_minor,
        currency=invoice.currency,
        on_session=draft.on_session,
        due_at=draft.collect_at or now,
        created_at=now,
    )


def postings(invoice: Invoice, lines: Iterable[LineDraft | InvoiceLine]) -> list[ledger.Posting]:
    """What an invoice posts when it is issued: the sale, a service as deferred revenue, and the credit it uses up."""
    revenue = [
        (
            Account.REVENUE_DEFERRED if line.period_start else Account.REVENUE,
            Money(-line.net_minor, invoice.currency),
        )
        for line in lines
    ]
    sale = [(Account.RECEIVABLE, invoice.total), (Account.TAX_PAYABLE, -invoice.tax), *revenue]
    paid_by_credit = [
        (Account.CUSTOMER_CREDIT, invoice.credit_applied),
        (Account.RECEIVABLE, -invoice.credit_applied),
    ]
    return [
        ledger.Posting(f"invoice:{invoice.pk}", sale, invoice.customer_id),
        ledger.Posting(f"invoice-credit:{invoice.pk}", paid_by_credit, invoice.customer_id),
    ]


def _credit_entry(invoice: Invoice, *, now: datetime) -> CreditEntry:
    return CreditEntry(
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        amount_minor=-invoice.credit_applied_minor,
        key=f"invoice:{invoice.pk}",
        reason=invoice.number,
        at=now,
    )
