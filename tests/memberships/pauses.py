"""A member who joined on 31 January and pauses, and the workers that see to it."""

from datetime import UTC, datetime

from apps.billing import collection
from apps.core import sweeps
from apps.memberships import services
from apps.memberships.models import Status, Subscription

# A month from 31 January is 28 February; from there the pause counts, in Rome.
JOINED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
END = datetime(2026, 2, 28, 9, 0, tzinfo=UTC)
BACK = datetime(2026, 4, 28, 8, 0, tzinfo=UTC)


def ask(member: Subscription, months: int = 2, *, now: datetime = JOINED, **how) -> Subscription:
    """The member plans a pause; two months unless told otherwise."""
    return services.request_pause(member.pk, months=months, customer=member.customer, now=now, **how)


def work(now: datetime) -> None:
    """What the workers do in one pass."""
    for name in ("pause", "resume", "bill", "remind", "end"):
        sweeps.run(f"memberships.{name}", now=now)
    collection.collect_due(now=now)


def paused(member: Subscription, months: int = 2) -> Subscription:
    """The member, whose pause has begun."""
    ask(member, months)
    work(END)
    member.refresh_from_db()
    assert member.status == Status.PAUSED
    return member
