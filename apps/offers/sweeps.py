"""Scheduled work of offers."""

from datetime import datetime

from django.db.models import Min

from apps.core import sweeps

from . import services, upgrades
from .models import Offer, Status


@sweeps.register(name="offers.suggest", order=400, next_due=upgrades.next_due)
def suggest(*, now: datetime) -> int:
    """Suggest upgrades where behaviour gives a reason; returns how many offers were made."""
    return upgrades.suggest_upgrades(now=now)


def _next_end(*, now: datetime) -> datetime | None:
    return Offer.objects.filter(status=Status.OPEN).aggregate(end=Min("expires_at"))["end"]


@sweeps.register(name="offers.expire", order=410, next_due=_next_end)
def expire(*, now: datetime) -> int:
    """End offers whose time is over; returns how many."""
    return services.expire_due(now=now)
