"""Listening to what memberships announces."""

from collections.abc import Iterator
from contextlib import contextmanager

from apps.memberships.models import Period
from apps.memberships.signals import periods_paid


@contextmanager
def heard() -> Iterator[list[tuple[int, str]]]:
    """The periods announced as paid, each as (subscription, "month-day" of its start), in the order of their keys."""
    announced: list[tuple[int, str]] = []

    def listen(*, period_ids, now, **kwargs) -> None:
        rows = Period.objects.filter(pk__in=period_ids).order_by("pk")
        announced.extend((row.subscription_id, f"{row.start:%m-%d}") for row in rows)

    periods_paid.connect(listen)
    try:
        yield announced
    finally:
        periods_paid.disconnect(listen)
