"""Issuing and withdrawing invoices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from apps.core import copying
from apps.core.money import Money

from . import credit, giving_back, ledger, lifecycle, numbering, recognition, stating, tax
from .drafts import Draft, LineDraft
from .models import Account, CreditEntry, Invoice, InvoiceLine, Payment, Seller
from .rows import LineRow, PaymentRow
from .taxation import Settled, Settlement, Taxation

__all__ = ["CannotVoid", "Draft", "LineDraft", "issue", "void"]

SERIES = "main"


class CannotVoid(Exception):
    """The invoice is paid or written off already, or a charge for it is on its way."""


@transaction.atomic
def issue(drafts: Sequence[Draft], *, now: datetime, series: str = SERIES) -> list[Invoice]:
    """Issue many invoices at once; the number of statements does not depend on how many.

    Each gets the next number of the series, its lines, its postings, the customer's credit as far as it goes, and a
    pending payment of what is left; one on which nothing is left is paid at once and `invoices_paid` is sent. The
    numbers have no gap: the series is locked until the caller's transaction ends, and a rollback gives them back.

    The company, the address and the tax number of each customer are kept as they are now, and the rule by which they
    are taxed: for the drafts that do not bring them, they are read in one statement.

    Raises ValueError for a draft without lines, with a negative total or that gives back more than is left, and
    IntegrityError for a key that exists already; they leave everything as it was. Returns the invoices in the order of
    the drafts.
    """
    if not drafts:
        return []
    giving_back.lock_sources(drafts)
    bills = [_settle(draft) for draft in _complete(drafts, now=now)]
    credits_used = _use_credit(bills)
    seller = Seller.objects.current()
    invoices = _number_and_create(bills, credits_used, seller=seller, series=series, now=now)
    rows = _lines(invoices, bills)
    lines = [line for some in rows for line in some]
    copying.write(InvoiceLine, lines)
    recognition.schedule(lines)
    drafted = [line for bill in bills for line in bill.draft.lines]
    giving_back.write(zip(drafted, lines, strict=True))
    issued = zip(invoices, bills, strict=True)
    payments = [_payment(invoice, bill.draft, now=now) for invoice, bill in issued if invoice.due_minor]
    copying.write(Payment, payments)
    sold = [posting for invoice, some in zip(invoices, rows, strict=True) for posting in postings(invoice, some)]
    ledger.post_many(sold, now=now)
    CreditEntry.objects.bulk_create([_credit_entry(invoice, now=now) for invoice in invoices if invoice.credit_applied])
    stating.of_invoices(invoices, to=seller.tax_currency, now=now)
    lifecycle.pay_at_issue([invoice for invoice in invoices if not invoice.due_minor], now=now)
    return invoices


@transaction.atomic
def void(invoice_id: int, *, reason: str, now: datetime, actor: str = "") -> Invoice:
    """Withdraw an open invoice: OPEN -> VOID, with a credit note. Its pending payment is cancelled, used credit comes
    back.

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


@dataclass(frozen=True, slots=True)
class _Bill:
    """A draft with its tax computed, once for all that is written of it."""

    draft: Draft
    taxation: Taxation
    settlement: Settlement
    total_minor: int
    tax_minor: int


def _complete(drafts: Sequence[Draft], *, now: datetime) -> list[Draft]:
    """The drafts, each with the taxation of its customer."""
    unknown = [draft.customer for draft in drafts if draft.taxation is None]
    if not unknown:
        return list(drafts)
    assessor = tax.Assessor(unknown, now=now)
    return [
        replace(draft, taxation=assessor.taxation(draft.customer, country=draft.country))
        if draft.taxation is None
        else draft
        for draft in drafts
    ]


def _settle(draft: Draft) -> _Bill:
    settlement = draft.settle()
    total = settlement.total_minor
    if not draft.lines or total < 0:
        raise ValueError(f"The draft {draft.key} has no lines or a negative total")
    assert draft.taxation is not None, "settled by it"
    return _Bill(draft, draft.taxation, settlement, total, settlement.tax_minor)


def _use_credit(bills: Sequence[_Bill]) -> list[int]:
    """Minor units of credit for each bill, in order; the accounts stay locked."""
    left = credit.lock({bill.draft.customer.pk for bill in bills})
    used = []
    for bill in bills:
        account = (bill.draft.customer.pk, bill.draft.currency)
        share = min(left.get(account, 0), bill.total_minor)
        if share:
            left[account] -= share
        used.append(share)
    return used


def _number_and_create(
    bills: Sequence[_Bill], credits_used: Sequence[int], *, seller: Seller, series: str, now: datetime
) -> list[Invoice]:
    row, first = numbering.take(series, len(bills))
    printed = seller.as_printed()
    invoices = [
        Invoice(
            customer=bill.draft.customer,
            key=bill.draft.key,
            series_id=row.pk,
            serial=serial,
            number=row.printed(serial),
            reason=bill.draft.reason,
            scope=bill.draft.scope,
            currency=bill.draft.currency,
            total_minor=bill.total_minor,
            tax_minor=bill.tax_minor,
            credit_applied_minor=used,
            due_minor=bill.total_minor - used,
            customer_name=bill.draft.customer.name,
            customer_email=bill.draft.customer.mail_address,
            customer_country=bill.draft.country or bill.draft.customer.country,
            customer_company=bill.taxation.company,
            customer_address=bill.taxation.address,
            customer_tax_number=bill.taxation.tax_number,
            tax_treatment=bill.taxation.treatment.value,
            seller_details={**printed, "tax_rounding": bill.taxation.rounding.value},
            issued_at=now,
        )
        for serial, (bill, used) in enumerate(zip(bills, credits_used, strict=True), start=first)
    ]
    return copying.insert(invoices)


def _lines(invoices: Sequence[Invoice], bills: Sequence[_Bill]) -> list[list[LineRow]]:
    """The lines of each invoice."""
    ids = iter(copying.take_ids(InvoiceLine, sum(len(bill.draft.lines) for bill in bills)))
    return [
        [
            _line(next(ids), invoice.pk, position, line, settled)
            for position, (line, settled) in enumerate(
                zip(bill.draft.lines, bill.settlement.lines, strict=True), start=1
            )
        ]
        for invoice, bill in zip(invoices, bills, strict=True)
    ]


def _line(number: int, invoice_id: int, position: int, line: LineDraft, settled: Settled) -> LineRow:
    return LineRow(
        id=number,
        invoice_id=invoice_id,
        position=position,
        kind=line.kind,
        description=line.description,
        quantity=line.quantity,
        unit_minor=line.amount_minor if line.unit_minor is None else line.unit_minor,
        amount_minor=settled.amount_minor,
        net_minor=settled.net_minor,
        tax_minor=settled.tax_minor,
        tax_basis_points=settled.basis_points,
        tax_included=line.tax_included,
        period_start=line.period_start,
        period_end=line.period_end,
        inputs=_inputs(line, settled),
        supply=line.supply.value,
    )


def _inputs(line: LineDraft, settled: Settled) -> Mapping[str, Any]:
    """The inputs of the line, and the tax that was taken out of its amount, without which they do not come to it. Also
    where it rounds to nothing: by document, it counts among the others."""
    if not line.tax_included or settled.basis_points == line.tax_basis_points:
        return dict(line.inputs)
    relief = {"relieved_minor": settled.relieved_minor, "relieved_basis_points": line.tax_basis_points}
    return {**line.inputs, **relief}


def _payment(invoice: Invoice, draft: Draft, *, now: datetime) -> PaymentRow:
    return PaymentRow(
        invoice_id=invoice.pk,
        card_id=draft.card_id,
        key=uuid4(),
        amount_minor=invoice.due_minor,
        currency=invoice.currency,
        on_session=draft.on_session,
        due_at=draft.collect_at or now,
        created_at=now,
    )


def postings(invoice: Invoice, lines: Iterable[LineRow | InvoiceLine]) -> list[ledger.Posting]:
    """What an invoice posts when it is issued: the sale, a service as deferred revenue, and the credit it uses up."""
    currency = invoice.currency
    sale = [
        (Account.RECEIVABLE, Money(invoice.total_minor, currency)),
        (Account.TAX_PAYABLE, Money(-invoice.tax_minor, currency)),
    ]
    for line in lines:
        account = Account.REVENUE_DEFERRED if line.period_start else Account.REVENUE
        sale.append((account, Money(-line.net_minor, currency)))
    posted = [ledger.Posting(f"invoice:{invoice.pk}", sale, invoice.customer_id)]
    if invoice.credit_applied_minor:
        used = invoice.credit_applied
        paid = [(Account.CUSTOMER_CREDIT, used), (Account.RECEIVABLE, -used)]
        posted.append(ledger.Posting(f"invoice-credit:{invoice.pk}", paid, invoice.customer_id))
    return posted


def _credit_entry(invoice: Invoice, *, now: datetime) -> CreditEntry:
    return CreditEntry(
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        amount_minor=-invoice.credit_applied_minor,
        key=f"invoice:{invoice.pk}",
        reason=invoice.number,
        at=now,
    )
