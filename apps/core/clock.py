"""The shop's clock. Edges call `now()` once; everything below takes `now`."""

from datetime import UTC, datetime

from django.conf import settings


def now() -> datetime:
    """The shop's current instant, aware, UTC.

    It is the machine's time, moved forward by the time machine where that is switched on (demo and tests only).
    """
    moment = datetime.now(UTC)
    if settings.TIME_MACHINE:
        from .models import ClockShift

        moment += ClockShift.current()
    return moment
