"""Gateways for the tests of this folder."""

import socket
from collections.abc import Iterator

import pytest
from django.conf import settings as configured

from .shop import Shop, listening
from .worlds import RehearsalWorld, Sandbox, StripeWorld


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The Stripe sandbox of this test session, left without faults."""
    there = Sandbox(configured.STRIPE_API_BASE)
    yield there
    there.clear()


@pytest.fixture
def stripe_world(sandbox: Sandbox) -> StripeWorld:
    return StripeWorld(sandbox)


@pytest.fixture(params=["stripe", "rehearsal"])
def world(request: pytest.FixtureRequest) -> StripeWorld | RehearsalWorld:
    """Each adapter in turn: they promise the same."""
    return request.getfixturevalue("stripe_world") if request.param == "stripe" else RehearsalWorld()


@pytest.fixture
def unused_tcp_port() -> int:
    """A port on which nothing answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def shop(own_database: str, sandbox: Sandbox, settings) -> Iterator[Shop]:
    """A shop over a database of its own that hears what happens in the sandbox."""
    with listening(sandbox) as running:
        yield running
