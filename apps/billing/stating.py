"""The tax of documents in the currency in which the seller accounts for it (Directive 2006/112/EC, Art. 230).

It is reckoned at the euro's rate of the European Central Bank that was published last when the tax became chargeable
(Art. 91(2)): the day on which the invoice was issued. A rate older than settings.EXCHANGE_RATE_DAYS was published last
only if somebody forgot to bring in the rates since; it is not used, because what is stated never changes. Billing does
not wait for a rate: the invoice is issued, the missing rate is put before staff, and `state_missing` adds the tax once
the rate is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core import copying

from . import rules
from .models import CreditNote, ExchangeRate, Invoice, Parked, Rates, Seller, StatedTax

BATCH = 500
PARKED_AS = "exchange_rate"


class _Row(NamedTuple):
    """A statement as it is written; see `models.StatedTax`."""

    invoice_id: int | None
    credit_note_id: int | None
    currency: str
    tax_minor: int
    rate_day: date
    of_currency: str
    of_per_euro: object
    per_euro: object
    stated_at: datetime


def of_invoices(invoices: Sequence[Invoice], *, to: str, now: datetime) -> None:
    """State the tax of invoices just issued in the currency `to`: two statements, however many they are, and none for
    those in that currency or without tax."""
    waiting = [invoice for invoice in invoices if invoice.currency != to and invoice.tax_minor]
    if waiting:
        missing = _state(waiting, on=_day(now), to=to, now=now)
        for currency in missing:
            _flag(currency, to=to, now=now)


def of_note(note: CreditNote, *, to: str, now: datetime) -> None:
    """State the tax of a credit note at the rate of its invoice, which the caller has locked. An invoice that does not
    state its tax yet will do so together with its notes."""
    if note.currency != to and note.tax_minor:
        stated = StatedTax.objects.filter(invoice=note.invoice_id).first()
        if stated:
            _state_notes(stated, note.invoice_id, now=now)


def reckoned(tax_minor: int, of: str, rates: Rates, *, to: str) -> int:
    """An amount of tax in minor units of `of`, in minor units of `to`: rounded once, half up."""
    return rules.converted(tax_minor, of=of, to=to, factor=rates.factor)


def note_parts(invoice_minor: Sequence[int], stated: StatedTax) -> list[int]:
    """What the notes of an invoice state, in order, given the tax of each: each the difference it makes to what all up
    to it come to, so that whatever the parts were, they come to what the invoice states."""
    parts, upto, before = [], 0, 0
    for minor in invoice_minor:
        upto += minor
        after = reckoned(upto, stated.of_currency, stated.rates, to=stated.currency)
        parts.append(after - before)
        before = after
    return parts


def state_missing(*, now: datetime, actor: str = "system") -> int:
    """State what could not be stated when it was issued, where the rates of that day are known by now, and close the
    flags of currencies of which nothing waits any more; returns how many invoices were stated. Safe to repeat."""
    to = Seller.objects.current().tax_currency
    handled, after = 0, 0
    while batch := list(_unstated(to).filter(pk__gt=after).order_by("pk").values_list("pk", "issued_at")[:BATCH]):
        by_day = defaultdict(list)
        for pk, issued_at in batch:
            by_day[_day(issued_at)].append(pk)
        for day, ids in by_day.items():
            handled += _state_day(ids, on=day, to=to, now=now)
        after = batch[-1][0]
    _unflag(to, actor=actor, now=now)
    return handled


def waiting_in(currency: str) -> int:
    """How many invoices in a currency do not state their tax yet."""
    return _unstated(Seller.objects.current().tax_currency).filter(currency=currency).count()


def _unstated(to: str):
    return Invoice.objects.filter(~Q(tax_minor=0), stated_tax=None).exclude(currency=to)


@transaction.atomic
def _state_day(ids: Sequence[int], *, on: date, to: str, now: datetime) -> int:
    """The invoices of one day. They are locked: another worker, or a credit note, comes before or after."""
    locked = list(Invoice.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",)))
    done = set(StatedTax.objects.filter(invoice__in=ids).values_list("invoice", flat=True))
    invoices = [invoice for invoice in locked if invoice.pk not in done]
    missing = _state(invoices, on=on, to=to, now=now)
    stated = StatedTax.objects.filter(invoice__in=invoices, invoice__credit_notes__isnull=False).distinct()
    for row in stated:
        assert row.invoice_id is not None, "it was found by its invoice"
        _state_notes(row, row.invoice_id, now=now)
    return sum(invoice.currency not in missing for invoice in invoices)


def _state(invoices: Sequence[Invoice], *, on: date, to: str, now: datetime) -> set[str]:
    """Write the statements of invoices issued on a day; returns the currencies without a rate."""
    currencies = {invoice.currency for invoice in invoices}
    known = ExchangeRate.objects.on(on, of=currencies, to=to)
    rows = [
        _row(invoice.tax_minor, invoice.currency, known[invoice.currency], to=to, now=now, invoice_id=invoice.pk)
        for invoice in invoices
        if invoice.currency in known
    ]
    copying.write(StatedTax, rows)
    return currencies - known.keys()


def _state_notes(stated: StatedTax, invoice_id: int, *, now: datetime) -> None:
    notes = list(CreditNote.objects.filter(invoice=invoice_id).order_by("pk").select_related("stated_tax"))
    parts = note_parts([note.tax_minor for note in notes], stated)
    StatedTax.objects.bulk_create(
        StatedTax(
            credit_note=note,
            currency=stated.currency,
            tax_minor=part,
            rate_day=stated.rate_day,
            of_currency=stated.of_currency,
            of_per_euro=stated.of_per_euro,
            per_euro=stated.per_euro,
            stated_at=now,
        )
        for note, part in zip(notes, parts, strict=True)
        if note.tax_minor and not hasattr(note, "stated_tax")
    )


def _row(tax_minor: int, of: str, rates: Rates, *, to: str, now: datetime, invoice_id: int) -> _Row:
    tax = reckoned(tax_minor, of, rates, to=to)
    return _Row(invoice_id, None, to, tax, rates.day, of, rates.of_per_euro, rates.per_euro, now)


def _flag(currency: str, *, to: str, now: datetime) -> None:
    text = _("No rate of these days is known for %(currency)s: invoices are issued without their VAT in %(to)s.")
    Parked.objects.put(PARKED_AS, ref=currency, reason=text % {"currency": currency, "to": to}, now=now)


def _unflag(to: str, *, actor: str, now: datetime) -> None:
    flagged = Parked.objects.waiting().filter(kind=PARKED_AS)
    waiting = _unstated(to).filter(currency__in=flagged.values("ref")).values_list("currency", flat=True).distinct()
    flagged.exclude(ref__in=list(waiting)).resolve(by=actor, now=now)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
