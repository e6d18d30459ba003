"""The whole shop with its workers, and the sandbox that tells it what happens."""

from collections.abc import Iterator

import pytest

from apps.core import clock
from apps.storefront.demo import stock
from tests import stack as stacks
from tests.conftest import clone_database


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker) -> Iterator[stacks.Stack]:
    """The running shop over a database of its own. What the sandbox sends waits until it is asked for."""
    with django_db_blocker.unblock(), clone_database() as name, stacks.demo_settings():
        stock.build(now=clock.now())
        with stacks.running(name) as stack:
            stack.control("webhooks", b'{"paused": true}')
            yield stack


@pytest.fixture(autouse=True)
def calm(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test leaves faults or disturbed deliveries to the next one."""
    yield
    if "shop" in request.fixturenames:
        shop = request.getfixturevalue("shop")
        shop.control("faults", method="DELETE")
        shop.control("webhooks", b'{"duplicate": 0}')
        shop.control("webhooks/flush")
