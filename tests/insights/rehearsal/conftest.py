"""A shop with all sorts of members, in a database that commits."""

from collections.abc import Iterator

import pytest

from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal


@pytest.fixture
def gateway(own_database) -> Iterator[Rehearsal]:
    """The gateway at which the members of these tests joined."""
    with gateways.using(Rehearsal(seed=77)) as adapter:
        yield adapter
