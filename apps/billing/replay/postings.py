"""The documents of an invoice in the ledger: what they must say, and what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from apps.billing import invoices, straight_line
from apps.billing.models import Account, Invoice, LedgerEntry, Payment, RevenueSchedule
from apps.billing.months import Month

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
        for key, expected in _expected(invoice):
            found = self.posted.get(key, {})
            if found != expected:
                yield key, expected, found
        written_off = self.posted.get(f"invoice-bad-debt:{invoice.pk}", {}).get(Account.RECEIVABLE, 0)
        owed = -invoice.due_minor if invoice.status == _STATUS.UNCOLLECTIBLE else 0
        if written_off != owed:
            yield f"invoice-bad-debt:{invoice.pk}", owed, written_off

    def recognised(self, schedule: RevenueSchedule) -> dict[str, int]:
        """What became revenue of a line, by month."""
        parts = {month: self.posted.get(_part(schedule, month), {}) for month in _months(schedule)}
        return {str(month): sides.get(Account.REVENUE_DEFERRED, 0) for month, sides in parts.items()}


def revenue_differences(invoice: Invoice, books: Books) -> Iterator[tuple[int, str, object, object]]:
    """Where deferred revenue is not what follows from the lines: (position, what, expected, found)."""
    schedules = {schedule.line_id: schedule for schedule in invoice.schedules.all()}
    untouched = not any(payment.refunds.all() for payment in invoice.payments.all())
    for line in invoice.lines.all():
        schedule = schedules.get(line.pk)
        deferred = line.net_minor if line.period_start else 0
        if deferred != (schedule.deferred_minor if schedule else 0):
            yield line.position, "deferred at issue", deferred, schedule and schedule.deferred_minor
        if schedule is None:
            continue
        parts = books.recognised(schedule)
        total = 0 if invoice.status == _STATUS.VOID else sum(parts.values())
        if schedule.recognised_minor != total:
            yield line.position, "recognised so far", total, schedule.recognised_minor
        if untouched and not schedule.released_minor and schedule.until == line.period_end:
            expected = _straight(schedule)
            for month in expected:
                if parts[month] != expected[month]:
                    yield line.position, f"revenue of {month}", expected[month], parts[month]


def _expected(invoice: Invoice) -> Iterator[tuple[str, Sides]]:
    issued = {posting.key: _sides(posting.entries) for posting in invoices.postings(invoice, invoice.lines.all())}
    yield from issued.items()
    is_void = invoice.status == _STATUS.VOID
    for key, undone in (("invoice", "invoice-void"), ("invoice-credit", "invoice-void-credit")):
        sides = issued[f"{key}:{invoice.pk}"]
        yield f"{undone}:{invoice.pk}", {account: -minor for account, minor in sides.items() if is_void}
    for payment in invoice.payments.all():
        yield f"payment:{payment.pk}", _of_payment(payment)


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


def _part(schedule: RevenueSchedule, month: Month) -> str:
    return f"revenue:{schedule.line_id}:{month}"


def _keys(invoice: Invoice) -> Iterator[str]:
    for kind in ("invoice", "invoice-credit", "invoice-void", "invoice-void-credit", "invoice-bad-debt"):
        yield f"{kind}:{invoice.pk}"
    for payment in invoice.payments.all():
        yield f"payment:{payment.pk}"
    for schedule in invoice.schedules.all():
        for month in _months(schedule):
            yield _part(schedule, month)
