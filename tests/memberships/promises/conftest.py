"""A member of Grove at EUR 12.00 a month, and a change to EUR 15.00."""

from datetime import UTC, datetime

import pytest

from apps.memberships.models import PriceChange, Subscription
from tests.factories import memberships as make
from tests.factories import promises as promised

JOINED = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """When the change is planned: ten days after the member joined."""
    return datetime(2026, 1, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def member(gateway) -> Subscription:
    return make.member(gateway, "grove", now=JOINED)


@pytest.fixture
def change(member, now) -> PriceChange:
    """EUR 15.00 from 21 March on: the member renews on 10 April."""
    return promised.planned(promised.grove(), 1500, now=now)
