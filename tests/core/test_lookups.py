"""Lookups of our own."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Consent, User
from apps.core.models import SweepRun
from tests.factories import accounts

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.fixture
def runs():
    return [SweepRun.objects.create(sweep=f"run {n}", at=AT, started_at=AT, finished_at=AT) for n in range(4)]


def test_any_finds_what_in_finds(runs):
    wanted = [runs[1].pk, runs[3].pk, 0]
    assert set(SweepRun.objects.filter(pk__any=wanted)) == {runs[1], runs[3]}
    assert set(SweepRun.objects.exclude(pk__any=wanted)) == {runs[0], runs[2]}
    assert SweepRun.objects.filter(pk__any=(pk for pk in wanted), sweep="run 3").get() == runs[3]


def test_of_nothing_there_is_nothing(runs):
    assert not SweepRun.objects.filter(pk__any=[]).exists()
    assert SweepRun.objects.exclude(pk__any=[]).count() == 4


def test_by_a_foreign_key_and_in_an_update():
    ida, uta = accounts.customer(email="ida@example.com"), accounts.customer(email="uta@example.com")
    mine = Consent.objects.filter(user__any=[ida.pk])
    assert set(mine) == set(Consent.objects.filter(user__in=[ida.pk]))
    assert User.objects.filter(pk__any=[ida.pk, uta.pk]).update(joined_at=AT - timedelta(days=1)) == 2


def test_the_statement_is_the_same_however_many_there_are():
    def statement(count: int) -> str:
        with CaptureQueriesContext(connection) as captured:
            list(SweepRun.objects.filter(pk__any=range(count)).values_list("pk"))
        return captured[0]["sql"].split("ANY(")[0]

    assert statement(1) == statement(1000)
