"""The record of who opened which guide."""

from datetime import timedelta

import pytest

from apps.catalog import services
from apps.catalog.models import GuideView
from tests.factories import accounts, catalog

pytestmark = pytest.mark.django_db


def test_a_view_is_recorded_with_what_was_seen(now):
    customer, guide = accounts.customer(), catalog.guide(member_min_rank=2)
    view = services.record_view(guide, customer=customer, locked=True, now=now)
    assert (view.customer, view.product, view.locked, view.at) == (customer, guide, True, now)


def test_a_second_look_within_half_an_hour_is_the_same_reading(now):
    customer, guide = accounts.customer(), catalog.guide()
    services.record_view(guide, customer=customer, locked=False, now=now)
    assert services.record_view(guide, customer=customer, locked=False, now=now + timedelta(minutes=29)) is None
    assert GuideView.objects.count() == 1
    assert services.record_view(guide, customer=customer, locked=False, now=now + timedelta(minutes=30)) is not None
    assert GuideView.objects.count() == 2


def test_reading_in_full_after_the_preview_is_another_view(now):
    customer, guide = accounts.customer(), catalog.guide(member_min_rank=2)
    services.record_view(guide, customer=customer, locked=True, now=now)
    services.record_view(guide, customer=customer, locked=False, now=now)
    assert list(GuideView.objects.order_by("locked").values_list("locked", flat=True)) == [False, True]
