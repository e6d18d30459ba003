"""Somebody of staff in the back office."""

import pytest
from django.test import Client

from tests.factories import accounts


@pytest.fixture
def staff(client) -> Client:
    """A browser in which a superuser is logged in."""
    client.force_login(accounts.staff())
    return client
