"""The gateway of these tests: in memory, scripted by card."""

import pytest

from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal


@pytest.fixture
def gateway():
    """A rehearsed gateway in force for the test."""
    with gateways.using(Rehearsal()) as adapter:
        yield adapter
