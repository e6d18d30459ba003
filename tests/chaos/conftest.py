"""A shop without a web server, whose workers the tests start and kill."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from tests import stack as stacks

# The sandbox has no limit of requests, and a batch that is over in a blink is never struck in its middle.
EASY = {"GATEWAY_REQUESTS_PER_SECOND": "0", "RENEWAL_BATCH": "50"}


@pytest.fixture
def shop(own_database) -> Iterator[stacks.Stack]:
    """The shop's beat over a database of the test's own; nobody listens yet."""
    settings.TIME_MACHINE = settings.DEMO = True
    with stacks.running(own_database, web=False, workers=0, environ=EASY) as stack:
        yield stack
        stack.control("reset")
    settings.TIME_MACHINE = settings.DEMO = False
