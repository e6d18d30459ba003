"""What a rehearsed month comes to, read from the stage before it is gone. Amounts are minor units of their currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, Sum
from django.db.models.functions import TruncDate

from apps.billing.models import Invoice, Payment
from apps.billing.models import Parked as PutAside
from apps.mail.models import Message
from apps.mail.models import Status as MailStatus
from apps.memberships.models import History, HistoryKind, Period, Status


@dataclass(frozen=True, slots=True)
class Marks:
    """The last rows of the book as it was copied: what is newer, the rehearsal made."""

    invoice: int
    period: int
    history: int
    put_aside: int

    @classmethod
    def take(cls) -> Marks:
        return cls(*(_last(model) for model in (Invoice, Period, History, PutAside)))


@dataclass(slots=True)
class Day:
    """One day (UTC) in one currency.

    `billed` is invoiced with tax, `credit` the part of it paid from credit; `at_risk` the part whose first charge did
    not succeed. `collected` was taken from cards on this day, for whatever invoice.
    """

    day: str
    currency: str
    renewals: int = 0
    invoices: int = 0
    billed: int = 0
    credit: int = 0
    at_risk: int = 0
    collected: int = 0

    def add(self, other: Day) -> None:
        """Add another day's numbers of the same currency."""
        for name in AMOUNTS_AND_COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


AMOUNTS_AND_COUNTS = [column.name for column in fields(Day)[2:]]


def days(marks: Marks, *, since: datetime) -> list[Day]:
    """The days on which something was invoiced or collected, by day and currency."""
    found: dict[tuple[date, str], Day] = {}

    def at(row: Mapping[str, Any]) -> Day:
        day, currency = row["day"], row["currency"]
        return found.setdefault((day, currency), Day(day.isoformat(), currency))

    paid_at_once = Payment.objects.succeeded().filter(invoice=OuterRef("pk"), attempt=1)
    for row in (
        Invoice.objects.filter(pk__gt=marks.invoice)
        .order_by()
        .values("currency", day=TruncDate("issued_at"))
        .annotate(
            invoices=Count("pk"),
            renewals=Count("pk", filter=Q(reason="renewal")),
            billed=Sum("total_minor"),
            credit=Sum("credit_applied_minor"),
            at_risk=Sum("due_minor", filter=~Exists(paid_at_once), default=0),
        )
    ):
        day = at(row)
        for name in ("invoices", "renewals", "billed", "credit", "at_risk"):
            setattr(day, name, row[name])
    for taken in (
        Payment.objects.succeeded()
        .filter(settled_at__gte=since, surplus=False)
        .order_by()
        .values("currency", day=TruncDate("settled_at"))
        .annotate(total=Sum("amount_minor"))
    ):
        at(taken).collected = taken["total"]
    return [found[key] for key in sorted(found)]


def totals(rows: list[Day]) -> list[Day]:
    """One row for each currency, of the whole time."""
    sums: dict[str, Day] = {}
    for row in rows:
        sums.setdefault(row.currency, Day("", row.currency)).add(row)
    return [sums[currency] for currency in sorted(sums)]


def summary(marks: Marks, *, since: datetime) -> dict[str, Any]:
    """All numbers of the rehearsal, ready to be stored: see `Day`; mails by kind that left, tax by country, endings by
    reason."""
    rows = days(marks, since=since)
    return {
        "days": [asdict(row) for row in rows],
        "totals": [asdict(row) for row in totals(rows)],
        "mails": _mails(since=since),
        "tax": _tax(marks),
        "endings": _endings(marks),
    }


def _mails(*, since: datetime) -> dict[str, int]:
    left = Message.objects.filter(status=MailStatus.SENT, sent_at__gte=since)
    return dict(left.order_by("kind").values_list("kind").annotate(Count("pk")))


def _tax(marks: Marks) -> list[dict[str, Any]]:
    """Net and tax of what was invoiced, by the customer's country and currency."""
    rows = (
        Invoice.objects.filter(pk__gt=marks.invoice)
        .order_by("customer_country", "currency")
        .values_list("customer_country", "currency")
        .annotate(Sum("total_minor"), Sum("tax_minor"))
    )
    return [
        {"country": country, "currency": currency, "net": total - tax, "tax": tax}
        for country, currency, total, tax in rows
    ]


def _endings(marks: Marks) -> dict[str, int]:
    """Memberships that ended, by the reason of their end."""
    ended = History.objects.filter(pk__gt=marks.history, kind=HistoryKind.STATUS, new=Status.ENDED)
    return dict(ended.order_by("reason").values_list("reason").annotate(Count("pk")))


def _last(model) -> int:
    return model._default_manager.aggregate(last=Max("pk"))["last"] or 0
