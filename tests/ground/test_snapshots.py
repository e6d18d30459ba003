"""Rows that are made once in a session and copied back into the databases of later tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from apps.catalog import demo
from apps.catalog.models import Category, Product, ProductPrice, Stock, StockMove, Variant
from apps.core.models import Edition
from tests.conftest import clone_database
from tests.factories import catalog
from tests.factories.snapshots import Snapshot

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TABLES = (Category, Product, Variant, ProductPrice, Stock, StockMove)


class Builder:
    """Builds the demo's catalogue and counts how often it is asked to."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1
        demo.build(now=NOW)


@pytest.fixture
def build() -> Builder:
    return Builder()


def rows() -> dict[str, list[tuple]]:
    """All that is in the tables, with what the database computes."""
    with connection.cursor() as cursor:
        found = {}
        for model in TABLES:
            cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY 1")
            found[model.__name__] = cursor.fetchall()
        return found


@contextmanager
def undone() -> Iterator[None]:
    """Nothing is left of what happens inside, as after a test."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def put_and_undo(snapshot: Snapshot) -> dict[str, list[tuple]]:
    """What a test would find that begins with the snapshot."""
    with undone():
        snapshot.put()
        return rows()


@pytest.mark.django_db
def test_later_tests_find_exactly_what_was_built_in_the_first(build):
    snapshot = Snapshot(build)
    built = put_and_undo(snapshot)
    assert {name: len(found) for name, found in built.items()} == {
        "Category": 6,
        "Product": 38,
        "Variant": 34,
        "ProductPrice": 68,
        "Stock": 28,
        "StockMove": 26,
    }
    assert not Product.objects.exists()
    assert put_and_undo(snapshot) == built
    assert put_and_undo(snapshot) == built
    assert build.calls == 1


@pytest.mark.django_db
def test_pages_kept_before_are_not_shown_after(build):
    snapshot = Snapshot(build)
    put_and_undo(snapshot)
    before = Edition.objects.current()
    snapshot.put()
    assert build.calls == 1
    assert Edition.objects.current() != before


@pytest.mark.django_db
def test_beside_other_rows_it_is_built_and_stays_what_it_was(build):
    snapshot = Snapshot(build)
    built = put_and_undo(snapshot)
    with undone():
        own = catalog.product()
        snapshot.put()
        assert build.calls == 2
        assert Product.objects.count() == 39
        assert Product.objects.filter(pk=own.pk).exists()
        snapshot.put()
        assert build.calls == 3
        assert Product.objects.count() == 39
    assert put_and_undo(snapshot) == built
    assert build.calls == 3


@pytest.mark.django_db
def test_a_first_time_beside_other_rows_keeps_nothing(build):
    snapshot = Snapshot(build)
    with undone():
        catalog.product()
        snapshot.put()
    found = put_and_undo(snapshot)
    assert build.calls == 2
    assert len(found["Product"]) == 38


def test_every_database_goes_on_after_the_ids_it_was_given(build, django_db_setup, django_db_blocker):
    """A clone whose counters stand where its template's did."""
    snapshot = Snapshot(build)
    with django_db_blocker.unblock():
        with clone_database():
            snapshot.put()
            built = rows()
        with clone_database():
            snapshot.put()
            assert rows() == built
            made = catalog.product(left=3)
            assert made.pk == max(row[0] for row in built["Product"]) + 1
            assert made.variants.get().pk == max(row[0] for row in built["Variant"]) + 1
    assert build.calls == 1
