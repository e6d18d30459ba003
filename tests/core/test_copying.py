"""Writing many rows at once comes to what inserting them does."""

from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import Category
from apps.core import copying
from apps.core.models import SweepRun
from apps.mail.models import Message

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
FEW, MANY = copying.FEW - 1, copying.FEW


class RunRow(NamedTuple):
    sweep: str
    at: datetime
    started_at: datetime
    finished_at: datetime
    error: str
    handled: int


def run_rows(count: int) -> list[RunRow]:
    return [RunRow(f"sweep {number}", AT, AT, AT, 'a "tab\t\\ and\nmore"', number) for number in range(count)]


@pytest.mark.parametrize("count", [1, FEW, MANY, 250])
def test_rows_without_ids(count):
    copying.write(SweepRun, run_rows(count))
    assert [RunRow(*row) for row in SweepRun.objects.order_by("pk").values_list(*RunRow._fields)] == run_rows(count)


def test_many_rows_are_one_statement():
    with CaptureQueriesContext(connection) as statements:
        copying.write(SweepRun, run_rows(MANY))
    assert [statement["sql"].split(" (")[0] for statement in statements] == ['COPY "core_sweeprun"']


def test_nothing_to_write_asks_for_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        copying.write(SweepRun, [])
        assert copying.insert([]) == []


@pytest.mark.parametrize("count", [FEW, MANY])
def test_rows_get_their_ids_in_order_and_can_be_changed(count):
    rows = copying.insert([SweepRun(**row._asdict()) for row in run_rows(count)])
    assert SweepRun.objects.in_bulk() == {row.pk: row for row in rows}
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)
    rows[0].handled = 99
    rows[0].save()
    assert SweepRun.objects.filter(handled=99).get().pk == rows[0].pk
    # The next ordinary insert does not meet an id that was taken.
    assert SweepRun.objects.create(**run_rows(1)[0]._asdict()).pk > rows[-1].pk


def test_ids_taken_ahead_are_nobody_elses():
    taken = copying.take_ids(SweepRun, 3)
    assert taken == [taken[0], taken[0] + 1, taken[0] + 2]
    assert SweepRun.objects.create(**run_rows(1)[0]._asdict()).pk == taken[0] + 3


@pytest.mark.parametrize("count", [FEW, MANY])
def test_what_the_table_refuses_leaves_nothing(count):
    broken = [*run_rows(count - 1), run_rows(1)[0]._replace(handled=-1)]
    with pytest.raises(IntegrityError), transaction.atomic():
        copying.write(SweepRun, broken)
    assert SweepRun.objects.count() == 0


@pytest.mark.parametrize("count", [FEW, MANY])
def test_documents_are_kept_as_they_are(count):
    document = {"text": 'zitrus "süß"\n', "number": 1, "nothing": None, "list": [1, "zwei"]}
    shared = {"kind": "receipt", "to_email": "a@example.com", "subject": "s", "text": "t", "html": "h"}
    times = {"created_at": AT, "send_after": AT, "next_attempt_at": AT}
    copying.insert([Message(key=f"letter:{number}", context=document, **shared, **times) for number in range(count)])
    assert list(Message.objects.values_list("context", flat=True)) == [document] * count


@pytest.mark.parametrize("count", [FEW, MANY])
def test_no_document_is_no_value(count):
    """And not JSON's own null, which is one."""
    rows = [Category(slug=f"room-{number}", name="Room") for number in range(count)]
    rows[0].name_it = "Stanza"
    copying.insert(rows)
    assert Category.objects.filter(i18n__isnull=True).count() == count - 1
    assert Category.objects.get(slug="room-0").i18n == {"name_it": "Stanza"}
