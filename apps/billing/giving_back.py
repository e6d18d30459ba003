"""What one invoice gives back of an earlier one: a change of plan credits the unused time in the invoice of the change.

What was given back so is not refunded again: `credit_notes.creditable` knows of it, and the database refuses more. When
the later invoice is itself credited, what it gave back is taken again in the same share, and the earlier one can be
refunded as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import groupby

from apps.core.money import Money, round_half_up

from . import retaxing, rules
from .drafts import Draft, LineDraft
from .models import CreditNote, CreditNoteLine, Dispute, GivenBack, Invoice, InvoiceLine, Left, LossDecision
from .rows import LineRow


def lock_sources(drafts: Iterable[Draft]) -> None:
    """Lock the invoices of which these drafts give something back, before anything else is locked: a refund of them
    locks them first too. No statement for drafts that give nothing back, as all renewals."""
    sources = {line_id for draft in drafts for line in draft.lines for line_id in line.gives_back_of}
    if sources:
        invoices = Invoice.objects.filter(lines__in=sources).order_by("pk").values("pk")
        list(Invoice.objects.filter(pk__in=invoices).order_by("pk").select_for_update().values_list("pk", flat=True))


def write(lines: Iterable[tuple[LineDraft, LineRow]]) -> None:
    """Note what lines just issued give back, in two statements; none when nothing is. Raises ValueError when that is
    more than is left of the earlier lines."""
    giving = [(draft, row) for draft, row in lines if draft.gives_back_of and row.amount_minor < 0]
    if not giving:
        return
    sources = {line_id for draft, _row in giving for line_id in draft.gives_back_of}
    left = {one.line.pk: one for one in InvoiceLine.objects.filter(pk__in=sources).left()}
    GivenBack.objects.bulk_create(
        part
        for draft, row in giving
        for part in _parts(row.id, -row.amount_minor, -row.tax_minor, [left[pk] for pk in sorted(draft.gives_back_of)])
    )


def take_again(note: CreditNote, lines: Iterable[CreditNoteLine]) -> None:
    """What a credit note takes of lines that gave something back counts as not given back any more."""
    taken = {line.line_id: line for line in lines if line.amount_minor < 0}
    given = GivenBack.objects.filter(by__in=taken).order_by("by", "of", "pk")
    rows = []
    for by_id, parts in groupby(given, key=lambda part: part.by_id):
        sums: dict[int, tuple[int, int]] = {}
        for part in parts:
            gross, tax = sums.get(part.of_id, (0, 0))
            sums[part.of_id] = gross + part.amount_minor, tax + part.tax_minor
        line = taken[by_id]
        shares = rules.given_back_shares(-line.amount_minor, -line.tax_minor, list(sums.values()))
        rows += [
            GivenBack(by_id=by_id, of_id=of_id, credit_note=note, amount_minor=-gross, tax_minor=-tax)
            for of_id, (gross, tax) in zip(sums, shares, strict=True)
            if gross
        ]
    GivenBack.objects.bulk_create(rows)


def unused(invoice: Invoice) -> tuple[Sequence[InvoiceLine], Money, Money]:
    """What may be given back of the service of a paid invoice if none of it was used: the lines, what is left of them
    with tax, and the tax in it. Lines that themselves give back are not part of it.

    What a bank took back in a dispute was not paid in the end, so it is not given back either; the tax shrinks in
    proportion."""
    service = invoice.lines.filter(period_start__isnull=False).left()
    left = [one for one in service if one.gross_minor and not retaxing.is_given_back(one.line)]
    gross, tax = sum(one.gross_minor for one in left), sum(one.tax_minor for one in left)
    lines = [one.line for one in left]
    paid = gross - held_by_bank(invoice).minor
    if paid <= 0:
        return lines, Money(0, invoice.currency), Money(0, invoice.currency)
    tax_in_it = round_half_up(Fraction(tax * paid, gross))
    return lines, Money(paid, invoice.currency), Money(tax_in_it, invoice.currency)


def held_by_bank(invoice: Invoice) -> Money:
    """What banks hold, or keep, of the payments of an invoice, and no credit note took back for that reason."""
    disputes = Dispute.objects.holding().filter(payment__invoice=invoice, payment__surplus=False)
    held = disputes.total_minor()
    credited = LossDecision.objects.filter(dispute__in=disputes).credited_minor() if held else 0
    return Money(max(0, held - credited), invoice.currency)


def _parts(by_id: int, gross_minor: int, tax_minor: int, sources: Sequence[Left]) -> Iterable[GivenBack]:
    shares = rules.given_back_shares(gross_minor, tax_minor, [(one.gross_minor, one.tax_minor) for one in sources])
    for one, (gross, tax) in zip(sources, shares, strict=True):
        if gross:
            yield GivenBack(by_id=by_id, of=one.line, amount_minor=gross, tax_minor=tax)
