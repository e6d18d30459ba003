"""The gateway of these tests: in memory, scripted by card."""

from collections.abc import Iterator

import pytest

from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal


@pytest.fixture
def gateway() -> Iterator[Rehearsal]:
    """A rehearsed gateway in force for the test."""
    with gateways.using(Rehearsal()) as adapter:
        yield adapter
