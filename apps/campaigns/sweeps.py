"""Scheduled work of campaigns."""

from datetime import datetime

from apps.core import sweeps

from . import journeys, notices


@sweeps.register(name="campaigns.notices", order=490, next_due=notices.next_due)
def give_notices(*, now: datetime) -> int:
    """Give the renewal notices that are due; returns how many."""
    return notices.give_due(now=now)


@sweeps.register(name="campaigns.advance", order=500, next_due=journeys.next_due)
def advance(*, now: datetime) -> int:
    """Send the campaign letters that are due; returns the enrollments handled."""
    return journeys.advance(now=now)
