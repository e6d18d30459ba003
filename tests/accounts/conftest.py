"""The sign-up and sign-in pages, with their rate limits forgotten between tests."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _no_one_has_tried_yet():
    cache.clear()
    yield
    cache.clear()
