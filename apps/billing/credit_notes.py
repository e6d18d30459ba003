"""Writing credit notes: number, lines, postings, and the customer's credit where it goes there.

A credit note posts once, under `credit-note:<pk>`: tax and revenue of its lines are taken back, of a service first what
is not earned yet, against

- refunds clearing, when the money goes back to the card: `refund-sent:<refund>` carries it from there to cash;
- customer credit, when it stays with the shop as the customer's;
- receivable, when the invoice is withdrawn before it was paid; credit that had been used on it comes back.

These postings took the place of `refund:<pk>` (a refund used to take the sale back by itself), `invoice-void:<pk>` and
`invoice-void-credit:<pk>`: what the ledger names now is the document that the customer and the tax office hold. A
refund that fails no longer reverses anything. The sale stays taken back, as the note says; the money is still owed, and
stands on refunds clearing until staff send it again or turn it into credit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Sum
from django.db.models.functions import Coalesce

from apps.core.money import Money

from . import ledger, numbering, recognition, rules
from .models import Account, CreditEntry, CreditNote, CreditNoteLine, Invoice, InvoiceLine, Seller

SERIES = "credit"
_TO = CreditNote.Settlement


def issue(
    invoice: Invoice,
    *,
    amount: Money,
    to: str,
    key: str,
    reason: str,
    now: datetime,
    chosen: Mapping[int, int] | None = None,
) -> CreditNote:
    """Write a credit note of `amount` (tax included) over an invoice that the caller has locked.

    Each line of the invoice gives its share of what is left of it, or what is `chosen` (minor units by line, with its
    tax, summing to the amount). `to` is a CreditNote.Settlement. The caller has checked that so much is left
    (`creditable`); the database refuses more, and a repeated key, by IntegrityError. Raises ValueError for more than a
    chosen line has left.
    """
    lines = _lines_left(invoice)
    left = [(gross, tax) for _line, gross, tax in lines]
    if chosen is None:
        parts = rules.credit_shares(amount.minor, left)
    else:
        parts = rules.line_shares([chosen.get(line.pk, 0) for line, _gross, _tax in lines], left)
    series, serial = numbering.take(SERIES, 1)
    note = CreditNote.objects.create(
        customer_id=invoice.customer_id,
        invoice=invoice,
        key=key,
        series=series,
        serial=serial,
        number=series.printed(serial),
        settlement=to,
        reason=reason[:300],
        currency=invoice.currency,
        total_minor=amount.minor,
        tax_minor=sum(tax for _gross, tax in parts),
        seller_details=Seller.objects.current().as_printed(),
        issued_at=now,
    )
    credited = _write_lines(note, [line for line, _gross, _tax in lines], parts)
    entries = postings(note, invoice, deferred=_take_deferred(note, credited))
    ledger.post(f"credit-note:{note.pk}", entries, customer_id=note.customer_id, now=now)
    back = _credit_given(note, invoice)
    if back:
        CreditEntry.objects.create(
            customer_id=note.customer_id,
            currency=note.currency,
            amount_minor=back.minor,
            key=f"credit-note:{note.pk}",
            reason=note.number,
            at=now,
        )
    return note


def left_of_lines(invoice: Invoice) -> dict[int, int]:
    """What is left of each line that no credit note has taken back yet: minor units, tax included."""
    return {line.pk: gross for line, gross, _tax in _lines_left(invoice)}


def creditable(invoice: Invoice) -> Money:
    """What is left of an invoice that no credit note has taken back yet, tax included."""
    return invoice.total - Money(invoice.credit_notes.all().total_minor(), invoice.currency)


def postings(note: CreditNote, invoice: Invoice, *, deferred: Money) -> list[tuple[str, Money]]:
    """What a note posts of which `deferred` was not earned yet: the rest without tax is revenue already."""
    back = _credit_given(note, invoice)
    against = Account.RECEIVABLE if note.settlement == _TO.OPEN else Account.REFUNDS_CLEARING
    return [
        (Account.TAX_PAYABLE, note.tax),
        (Account.REVENUE_DEFERRED, deferred),
        (Account.REVENUE, note.net - deferred),
        (Account.CUSTOMER_CREDIT, -back),
        (against, back - note.total),
    ]


def _lines_left(invoice: Invoice) -> list[tuple[InvoiceLine, int, int]]:
    """The lines in order, each with the amount and the tax in it that are left, in minor units."""
    lines = invoice.lines.annotate(
        credited=Coalesce(Sum("corrections__amount_minor"), 0),
        credited_tax=Coalesce(Sum("corrections__tax_minor"), 0),
    ).order_by("position")
    return [(line, line.amount_minor - line.credited, line.tax_minor - line.credited_tax) for line in lines]


def _write_lines(
    note: CreditNote, lines: Sequence[InvoiceLine], parts: Sequence[tuple[int, int]]
) -> list[CreditNoteLine]:
    """In one statement, which is how the database checks that they add up to the note."""
    shares = [(line, gross, tax) for line, (gross, tax) in zip(lines, parts, strict=True) if gross]
    return CreditNoteLine.objects.bulk_create(
        CreditNoteLine(
            credit_note=note,
            line=line,
            position=position,
            description=line.description,
            amount_minor=gross,
            net_minor=gross - tax,
            tax_minor=tax,
            tax_basis_points=line.tax_basis_points,
            period_start=line.period_start,
            period_end=line.period_end,
        )
        for position, (line, gross, tax) in enumerate(shares, start=1)
    )


def _credit_given(note: CreditNote, invoice: Invoice) -> Money:
    """What becomes the customer's credit by this note."""
    match note.settlement:
        case _TO.CREDIT:
            return note.total
        case _TO.OPEN:
            return invoice.credit_applied
        case _:
            return Money(0, note.currency)


def _take_deferred(note: CreditNote, lines: Sequence[CreditNoteLine]) -> Money:
    """What of the note is not revenue yet; the schedules of the invoice give it up. One that withdraws an invoice ends
    them: of the service it takes back, what was recognised meanwhile is revenue."""
    service = sum(line.net_minor for line in lines if line.period_start)
    if note.settlement == _TO.OPEN:
        return Money(service - recognition.withdraw(note.invoice_id), note.currency)
    return Money(recognition.take(note.invoice_id, minor=service), note.currency)
