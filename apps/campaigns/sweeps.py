"""Scheduled work of campaigns."""

from datetime import datetime

from apps.core import sweeps

from . import expiring, journeys, notices, reviewing


@sweeps.register(name="campaigns.notices", order=490, next_due=notices.next_due)
def give_notices(*, now: datetime) -> int:
    """Give the renewal notices that are due; returns how many."""
    return notices.give_due(now=now)


@sweeps.register(name="campaigns.expiring_cards", order=495, next_due=expiring.next_due)
def tell_of_expiring_cards(*, now: datetime) -> int:
    """Tell customers whose card expires before their next charge; returns how many mails."""
    return expiring.give_due(now=now)


@sweeps.register(name="campaigns.review_requests", order=510, next_due=reviewing.next_due)
def ask_for_reviews(*, now: datetime) -> int:
    """Ask buyers what they think of what has come to them; returns how many letters."""
    return reviewing.ask_due(now=now)


@sweeps.register(name="campaigns.advance", order=500, next_due=journeys.next_due)
def advance(*, now: datetime) -> int:
    """Send the campaign letters that are due; returns the enrollments handled."""
    return journeys.advance(now=now)
