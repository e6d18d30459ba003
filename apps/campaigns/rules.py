"""How often people are written to, and which letter a reason gets. No database, no clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

# The shop's promise: not more than one marketing mail in so long, whatever the number of campaigns.
FREQUENCY = timedelta(days=3)
# Days before the renewal of a yearly plan at which a notice is due (the shop's default in law).
NOTICE_DAYS = (35, 10)
# What counts as yearly: the law goes by how long the customer is bound, not by the word for it, so twelve months and
# fifty-two weeks (364 days) do too, and whatever is longer.
LONG_PERIOD_DAYS = Fraction(52 * 7)

WINBACK_KINDS = {
    "too_expensive": "winback-price",
    "not_using": "winback-value",
    "missing_features": "winback-features",
    "technical": "winback-apology",
    "payment": "winback-payment",
}


def winback_kind(reason: str) -> str:
    """The mail that speaks to somebody who left for this reason."""
    return WINBACK_KINDS.get(reason, "winback-other")


def free_at(last_mail_at: datetime | None, *, now: datetime) -> datetime:
    """When the next marketing mail may go: `now`, or later when the last one is too recent."""
    return now if last_mail_at is None else max(now, last_mail_at + FREQUENCY)


def notice_window(period_end: datetime, days: int) -> tuple[datetime, datetime]:
    """`[from, until)` in which the notice `days` before `period_end` is to be given; late is better than never, but a
    notice gives way to the next one, and none is given after the renewal."""
    later = [other for other in NOTICE_DAYS if other < days]
    return period_end - timedelta(days=days), period_end - timedelta(days=max(later, default=0))
