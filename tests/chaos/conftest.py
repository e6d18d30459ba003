"""A shop without a web server, whose workers the tests start and kill."""

from collections.abc import Iterator

import pytest

from tests import stack as stacks

# The sandbox has no limit of requests, and a batch that is over in a blink is never struck in its middle.
EASY = {"GATEWAY_REQUESTS_PER_SECOND": "0", "RENEWAL_BATCH": "50"}


@pytest.fixture
def shop(own_database) -> Iterator[stacks.Stack]:
    """The shop's beat over a database of the test's own; nobody listens yet."""
    with stacks.demo_settings(), stacks.running(own_database, web=False, workers=0, environ=EASY) as stack:
        yield stack
