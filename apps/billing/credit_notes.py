"""Writing credit notes: number, lines, postings, and the customer's credit where it goes there.

A credit note posts once, under `credit-note:<pk>`: tax and revenue of its lines are taken back, of a service first what
is not earned yet, against

- refunds clearing, when the money goes back to the card: `refund-sent:<refund>` carries it from there to cash;
- customer credit, when it stays with the shop as the customer's;
- receivable, when the invoice is withdrawn before it was paid; credit that had been used on it comes back;
- bad debt, when a bank gave the customer the money back and staff decide that the sale is cancelled.

These postings took the place of `refund:<pk>` (a refund used to take the sale back by itself), `invoice-void:<pk>` and
`invoice-void-credit:<pk>`: what the ledger names now is the document that the customer and the tax office hold. A
refund that fails no longer reverses anything. The sale stays taken back, as the note says; the money is still owed, and
stands on refunds clearing until staff send it again or turn it into credit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from apps.core.money import Money

from . import giving_back, ledger, numbering, recognition, rules, stating
from .models import Account, CreditEntry, CreditNote, CreditNoteLine, GivenBack, Invoice, InvoiceLine, Seller

SERIES = "credit"
_TO = CreditNote.Settlement
_AGAINST: dict[str, Account] = {_TO.OPEN: Account.RECEIVABLE, _TO.BANK: Account.BAD_DEBT}


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
    left = invoice.lines.all().left()
    amounts = [(one.gross_minor, one.tax_minor) for one in left]
    if chosen is None:
        parts = rules.credit_shares(amount.minor, amounts)
    else:
        parts = rules.line_shares([chosen.get(one.line.pk, 0) for one in left], amounts)
    seller = Seller.objects.current()
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
        seller_details=seller.as_printed(),
        issued_at=now,
    )
    credited = _write_lines(note, [one.line for one in left], parts)
    giving_back.take_again(note, credited)
    served = {one.line.pk for one in left if one.given_back_minor}
    entries = postings(note, invoice, deferred=_take_deferred(note, credited, served=served))
    ledger.post(f"credit-note:{note.pk}", entries, customer_id=note.customer_id, now=now)
    stating.of_note(note, to=seller.tax_currency, now=now)
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
    return {one.line.pk: one.gross_minor for one in invoice.lines.all().left()}


def creditable(invoice: Invoice) -> Money:
    """What is left of an invoice that no credit note has taken back yet and no later invoice gave back, with tax."""
    gone = invoice.credit_notes.all().total_minor() + GivenBack.objects.of_invoice(invoice.pk).total_minor()
    return Money(max(0, invoice.total_minor - gone), invoice.currency)


def postings(note: CreditNote, invoice: Invoice, *, deferred: Money) -> list[tuple[str, Money]]:
    """What a note posts of which `deferred` was not earned yet: the rest without tax is revenue already."""
    back = _credit_given(note, invoice)
    against = _AGAINST.get(note.settlement, Account.REFUNDS_CLEARING)
    return [
        (Account.TAX_PAYABLE, note.tax),
        (Account.REVENUE_DEFERRED, deferred),
        (Account.REVENUE, note.net - deferred),
        (Account.CUSTOMER_CREDIT, -back),
        (against, back - note.total),
    ]


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


def _take_deferred(note: CreditNote, lines: Sequence[CreditNoteLine], *, served: Collection[int]) -> Money:
    """What of the note is not revenue yet; the schedules of the invoice give it up. One that withdraws an invoice ends
    them: of the service it takes back, what was recognised meanwhile is revenue.

    Of the lines `served` a later invoice gave the time to come back, by a line that is deferred itself: all that is
    left of them is time that has passed, so it is revenue, and what they still defer belongs to that other line."""
    if note.settlement == _TO.OPEN:
        service = sum(line.net_minor for line in lines if line.period_start)
        return Money(service - recognition.withdraw(note.invoice_id), note.currency)
    service = sum(line.net_minor for line in lines if line.period_start and line.line_id not in served)
    return Money(recognition.take(note.invoice_id, minor=service, but=served), note.currency)
