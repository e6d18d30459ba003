"""Statements that are put into SQL once: the same rows as the ORM finds, whatever they are asked with."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Value
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.catalog.models import Product
from apps.core.models import SweepRun
from apps.core.nested import Fetched
from apps.core.statements import Statement
from tests.factories import catalog

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def _runs(sweep: str, handled: int, now: datetime):
    found = SweepRun.objects.filter(sweep=sweep, handled__gte=handled, at__lte=now).exclude(error="OFFSET 7 %")
    return found.order_by("pk").values_list("sweep", "at", "handled")


def _from(first: int, handled: int):
    return SweepRun.objects.filter(handled__lt=handled).order_by("-pk").values_list("pk")[first : first + 3]


class SameRows(TestCase):
    @classmethod
    def setUpTestData(cls):
        SweepRun.objects.bulk_create(
            SweepRun(
                sweep=name, at=BEGAN + timedelta(hours=number), started_at=BEGAN, finished_at=BEGAN, handled=number
            )
            for number in range(12)
            for name in ("renewals", "it's 100 % \N{LEMON} 0")
        )
        # One for all cases: what one of them asked with is not left behind for the next.
        cls.by_values = Statement(_runs, sweep=str, handled=int, now=datetime)
        cls.by_place = Statement(_from, first=int, handled=int)

    @given(
        sweep=st.sampled_from(["renewals", "it's 100 % \N{LEMON} 0", "", "OFFSET 1900000000"]),
        handled=st.integers(-1, 13) | st.sampled_from([2**15, 2**31 - 1, 1_900_000_001]),
        now=st.datetimes(datetime(1001, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    )
    def test_whatever_it_is_asked_with(self, sweep, handled, now):
        values = {"sweep": sweep, "handled": handled, "now": now}
        expected = list(_runs(**values))
        assert self.by_values.all(**values) == expected
        assert self.by_values.first(**values) == next(iter(expected), None)

    @given(first=st.integers(0, 30), handled=st.integers(0, 12))
    def test_wherever_it_begins(self, first, handled):
        assert self.by_place.all(first=first, handled=handled) == list(_from(first, handled))


def test_all_values_have_to_be_given_and_used():
    with pytest.raises(TypeError, match=r"Asked with \['sweep'\]"):
        Statement(_runs, sweep=str, handled=int, now=datetime).first(sweep="x")
    unused = Statement(lambda sweep: SweepRun.objects.annotate(one=Value(1)).values_list("one"), sweep=str)
    with pytest.raises(TypeError, match="does not depend on"):
        unused.first(sweep="x")


@pytest.mark.django_db
def test_instances_come_with_what_belongs_to_them(django_assert_num_queries):
    spade = catalog.product(name="Spade", slug="spade", partner_name="Galli")
    catalog.product(name="Rake", slug="rake", partner_name="Galli")
    made = Fetched(
        lambda partner: Product.objects.filter(partner_name=partner).order_by("name"), "category", partner=str
    )
    for _twice in range(2):
        with django_assert_num_queries(1):
            rake, found = made.all(partner="Galli")
            assert (rake.name, found.name, found.category.name) == ("Rake", "Spade", spade.category.name)
    assert found == spade
    assert made.all(partner="Nobody") == []
