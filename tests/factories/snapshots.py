"""Rows with which many tests begin: made once in a session by the shop's own code, then copied back."""

from collections.abc import Callable
from typing import NamedTuple

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model


class _Rows(NamedTuple):
    """All rows of a table as COPY writes them, in every column that is not computed by the database."""

    model: type[Model]
    columns: str
    content: bytes


class Snapshot:
    """The rows that `build` writes into a database without them.

    Ids are the same each time. Triggers run as they do on any insert, so pages that are kept are made anew.
    """

    def __init__(self, build: Callable[[], object]) -> None:
        self._build = build
        self._kept: list[_Rows] = []
        self._counted_on: set[str] = set()

    @transaction.atomic
    def put(self) -> None:
        """Write the rows. Where their tables hold other rows already `build` does it, and decides what to make."""
        if not self._kept:
            self._build_and_keep()
        elif any(rows.model._base_manager.exists() for rows in self._kept):
            self._build()
        else:
            self._bring_back()

    def _build_and_keep(self) -> None:
        """Build, and keep what is in the tables that got rows, if nothing else was in them."""
        before = _inserted()
        self._build()
        new = {table: count - before[table] for table, count in _inserted().items() if count > before[table]}
        models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in new]
        if all(model._base_manager.count() == new[model._meta.db_table] for model in models):
            self._kept = [_read(model) for model in models]
            self._counted_on.add(_database())

    def _bring_back(self) -> None:
        with connection.cursor() as cursor:
            for rows in self._kept:
                with cursor.copy(f"COPY {_name(rows.model)} ({rows.columns}) FROM STDIN") as copy:
                    copy.write(rows.content)
            # A clone counts its ids from where its template did. Counters are not rolled back: once for each database.
            if _database() not in self._counted_on:
                for statement in connection.ops.sequence_reset_sql(no_style(), [rows.model for rows in self._kept]):
                    cursor.execute(statement)
                self._counted_on.add(_database())


def _read(model: type[Model]) -> _Rows:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in model._meta.concrete_fields if not field.generated)
    with connection.cursor() as cursor, cursor.copy(f"COPY {_name(model)} ({columns}) TO STDOUT") as copy:
        return _Rows(model, columns, b"".join(copy))


def _name(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _database() -> str:
    return connection.settings_dict["NAME"]


def _inserted() -> dict[str, int]:
    """How many rows this transaction has inserted so far, by table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins FROM pg_stat_xact_user_tables")
        return dict(cursor.fetchall())
