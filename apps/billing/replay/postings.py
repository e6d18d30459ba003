"""The documents of an invoice in the ledger: what they must say, and what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from apps.billing import credit_notes, invoices, straight_line
from apps.billing.models import Account, CreditNote, Invoice, LedgerEntry, Payment, RevenueSchedule
from apps.billing.months import Month
from apps.core.money import Money

Sides = dict[str, int]
_STATUS = Invoice.Status


class Books:
    """What the ledger holds about some invoices (with lines, schedules and payments), read in one statement."""

    def __init__(self, batch: Sequence[Invoice]) -> None:
        keys = [key for invoice in batch for key in _keys(invoice)]
        self.posted: dict[str, Sides] = defaultdict(dict)
        rows = LedgerEntry.objects.filter(key__in=keys).order_by().values_list("key", "account", "amount_minor")
        for key, account, minor in rows:
            self.posted[key][account] = minor

    def differences(self, invoice: Invoice) -> Iterator[tuple[str, object, object]]:
        """Every document of the invoice that does not say what follows from its rows: (key, expected, found)."""
        for key, expected in self._expected(invoice):
            found = self.posted.get(key, {})
            if found != expected:
                yield key, expected, found
        withdrawn = any(note.settlement == CreditNote.Settlement.OPEN for note in invoice.credit_notes.all())
        if withdrawn != (invoice.status == _STATUS.VOID):
            yield "withdrawn by a credit note", not withdrawn, withdrawn
        written_off = self.posted.get(f"invoice-bad-debt:{invoice.pk}", {}).get(Account.RECEIVABLE, 0)
        owed = -invoice.due_minor if invoice.status == _STATUS.UNCOLLECTIBLE else 0
        if written_off != owed:
            yield f"invoice-bad-debt:{invoice.pk}", owed, written_off

    def taken_back(self, invoice: Invoice) -> int:
        """What credit notes and a write-off took out of deferred revenue."""
        keys = [*(_note(note) for note in invoice.credit_notes.all()), f"invoice-bad-debt:{invoice.pk}"]
        return sum(self.posted.get(key, {}).get(Account.REVENUE_DEFERRED, 0) for key in keys)

    def recognised(self, schedule: RevenueSchedule) -> dict[str, int]:
        """What became revenue of a line, by month."""
        parts = {month: self.posted.get(_part(schedule, month), {}) for month in _months(schedule)}
        return {str(month): sides.get(Account.REVENUE_DEFERRED, 0) for month, sides in parts.items()}

    def _expected(self, invoice: Invoice) -> Iterator[tuple[str, Sides]]:
        for posting in invoices.postings(invoice, invoice.lines.all()):
            yield posting.key, _sides(posting.entries)
        for note in invoice.credit_notes.all():
            # How much of it was still deferred depends on when: `revenue_differences` checks the sum.
            deferred = Money(self.posted.get(_note(note), {}).get(Account.REVENUE_DEFERRED, 0), note.currency)
            yield _note(note), _sides(credit_notes.postings(note, invoice, deferred=deferred))
        for payment in invoice.payments.all():
            yield f"payment:{payment.pk}", _of_payment(payment)


def revenue_differences(invoice: Invoice, books: Books) -> Iterator[tuple[int | None, str, object, object]]:
    """Where deferred revenue is not what follows from the lines: (position, what, expected, found)."""
    schedules = {schedule.line_id: schedule for schedule in invoice.schedules.all()}
    is_void = invoice.status == _STATUS.VOID
    recognised = 0
    for line in invoice.lines.all():
        schedule = schedules.get(line.pk)
        deferred = line.net_minor if line.period_start else 0
        if deferred != (schedule.deferred_minor if schedule else 0):
            yield line.position, "deferred at issue", deferred, schedule and schedule.deferred_minor
        if schedule is None:
            continue
        parts = books.recognised(schedule)
        recognised += sum(parts.values())
        total = 0 if is_void else sum(parts.values())
        if schedule.recognised_minor != total:
            yield line.position, "recognised so far", total, schedule.recognised_minor
        if not invoice.credit_notes.all() and not schedule.released_minor and schedule.until == line.period_end:
            expected = _straight(schedule)
            for month in expected:
                if parts[month] != expected[month]:
                    yield line.position, f"revenue of {month}", expected[month], parts[month]
    taken = books.taken_back(invoice) + (recognised if is_void else 0)
    released = sum(schedule.released_minor for schedule in schedules.values())
    if taken != released:
        yield None, "taken back from deferred revenue", taken, released


def _of_payment(payment: Payment) -> Sides:
    if payment.status != Payment.Status.SUCCEEDED:
        return {}
    against = Account.REFUNDS_CLEARING if payment.surplus else Account.RECEIVABLE
    return {Account.CASH: payment.amount_minor, against: -payment.amount_minor}


def _sides(entries) -> Sides:
    sides: Sides = defaultdict(int)
    for account, money in entries:
        sides[str(account)] += money.minor
    return {account: minor for account, minor in sides.items() if minor}


def _straight(schedule: RevenueSchedule) -> dict[str, int]:
    """What each month recognised so far takes of a line of which nothing was taken back."""
    parts, left, since = {}, schedule.deferred_minor, schedule.start
    for month in _months(schedule):
        parts[str(month)] = straight_line.part(left, since=since, until=schedule.until, upto=month.end)
        left, since = left - parts[str(month)], month.end
    return parts


def _months(schedule: RevenueSchedule) -> Iterator[Month]:
    """The months that are recognised, from the first of the service on."""
    month = Month.of(schedule.start)
    while month.end <= schedule.since:
        yield month
        month = month.next


def _note(note: CreditNote) -> str:
    return f"credit-note:{note.pk}"


def _part(schedule: RevenueSchedule, month: Month) -> str:
    return f"revenue:{schedule.line_id}:{month}"


def _keys(invoice: Invoice) -> Iterator[str]:
    for kind in ("invoice", "invoice-credit", "invoice-bad-debt"):
        yield f"{kind}:{invoice.pk}"
    yield from (_note(note) for note in invoice.credit_notes.all())
    for payment in invoice.payments.all():
        yield f"payment:{payment.pk}"
    for schedule in invoice.schedules.all():
        for month in _months(schedule):
            yield _part(schedule, month)
