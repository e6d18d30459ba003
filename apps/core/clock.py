"""The shop's clock. Edges call `now()` once; everything below takes `now`."""

from datetime import UTC, datetime, timedelta

from django.conf import settings


def now() -> datetime:
    """The shop's current instant, aware, UTC.

    It is the machine's time, moved forward by the time machine where that is switched on (demo and tests only).
    """
    return datetime.now(UTC) + _shift()


def machine_time(moment: datetime) -> datetime:
    """The machine's time (UTC) when the shop's clock reads `moment`, by the present shift of the time machine.

    For what others stamp: the gateway, and libraries with rows of their own.
    """
    return moment - _shift()


def _shift() -> timedelta:
    if not settings.TIME_MACHINE:
        return timedelta()
    from .models import ClockShift

    return ClockShift.current()
