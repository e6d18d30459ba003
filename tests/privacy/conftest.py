"""A stocked shop with plans, and the rehearsed gateway by which members join."""

from collections.abc import Iterator

import pytest

from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal
from tests.factories import catalog, memberships


@pytest.fixture
def gateway() -> Iterator[Rehearsal]:
    """A rehearsed gateway in force for the test."""
    with gateways.using(Rehearsal()) as adapter:
        yield adapter


@pytest.fixture
def stocked(db) -> None:
    """The demo's catalogue and plans."""
    catalog.stock()
    memberships.plans()
