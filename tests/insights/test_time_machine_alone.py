"""Two workers with one time machine."""

from datetime import timedelta

import pytest
from django.db import connection

from apps.core import clock, time_machine
from apps.core.models import ClockShift

DAY = timedelta(days=1)


def test_only_one_travels_at_a_time(settings, own_database):
    settings.TIME_MACHINE = True
    now = clock.now()
    journey = time_machine.start(target=now + DAY, now=now)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [time_machine._LOCK])
    try:
        with pytest.raises(time_machine.Travelling):
            time_machine.advance(until=now + DAY, now=now)
        assert time_machine.travel(journey.pk, now=now) is False
        assert not ClockShift.objects.exists()
    finally:
        other.close()
