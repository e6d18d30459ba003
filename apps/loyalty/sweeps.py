from datetime import datetime

from apps.core import sweeps

from . import expiry
from .models import PointsLot


def _next_expiry(*, now: datetime) -> datetime | None:
    return PointsLot.objects.next_expiry()


@sweeps.register(name="loyalty.expire", order=700, next_due=_next_expiry)
def expire(*, now: datetime) -> int:
    """Let points past their date lapse."""
    return expiry.expire_due(now=now)
