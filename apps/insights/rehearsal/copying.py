"""Copies of the shop's tables in the temporary schema of one session: columns, checks, rows, keys, triggers.

Left out: foreign keys (a temporary table cannot point at a real one, and the engine's own writes keep to them), and the
tables of other makers (Django, allauth, dj-stripe), which no sweep writes and which are read where they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

# Rows that no sweep and no check ever reads again are not copied: what was only written down for people.
_KEPT = {
    "accounts_dataexport": "false",
    "core_sweeprun": "false",
    "core_clockjourney": "false",
    "billing_invoicechange": "false",
    "billing_paymentchange": "false",
    "billing_refundchange": "false",
    "billing_recoverychange": "false",
    "memberships_history": "kind = 'plan'",
}
# Letters that have left are read for their key and date alone. They are most of the database.
_SAID = "status IN ('sent', 'cancelled')"
_SHORTENED = {
    "mail_message": {
        "text": f"CASE WHEN {_SAID} THEN '…' ELSE text END",
        "html": f"CASE WHEN {_SAID} THEN '' ELSE html END",
        "context": f"CASE WHEN {_SAID} THEN '{{}}'::jsonb ELSE context END",
    }
}
# The book itself lies in the rooms below; what insights writes is about the book.
_ROOMS_OF_THEIR_OWN = {"insights"}


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the live database. The definitions are PostgreSQL's own words, with `{table}` where its name stood."""

    name: str
    real: str
    columns: list[str]
    identities: list[str]
    constraints: list[str]
    indexes: list[str]
    triggers: list[str]


def copy_book(connection: BaseDatabaseWrapper) -> None:
    """Fill the session of `connection`, a read-only one in autocommit, with copies of our tables as of one instant.

    Row by row nothing is locked; the tables are, against being dropped or altered, until the copies are complete.
    """
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE")
        for table in [_read(cursor, name) for name in table_names()]:
            _copy(cursor, table)
        cursor.execute("COMMIT")


def table_names() -> list[str]:
    """The tables that are copied: all of ours but those of insights."""
    models = apps.get_models(include_auto_created=True)
    return sorted(
        model._meta.db_table
        for model in models
        if model._meta.app_config.name.startswith("apps.")
        and model._meta.app_label not in _ROOMS_OF_THEIR_OWN
        and model._meta.managed
        and not model._meta.proxy
    )


def _read(cursor: CursorWrapper, name: str) -> _Table:
    cursor.execute("SELECT %s::text::regclass::oid, format('%%I.%%I', current_schema(), %s::text)", [f'"{name}"', name])
    table, real = cursor.fetchone()

    def column(sql: str) -> list[str]:
        cursor.execute(sql, {"table": table, "on": f" ON {real} "})
        return [row[0] for row in cursor.fetchall()]

    live = "FROM pg_attribute WHERE attrelid = %(table)s AND attnum > 0 AND NOT attisdropped"
    keys = "FROM pg_constraint WHERE conrelid = %(table)s AND contype IN ('p', 'u', 'x')"
    return _Table(
        name=name,
        real=real,
        columns=column(f"SELECT attname {live} AND attgenerated = '' ORDER BY attnum"),
        identities=column(f"SELECT attname {live} AND attidentity <> ''"),
        constraints=column(
            f"SELECT format('CONSTRAINT %%I ', conname) || pg_get_constraintdef(oid) {keys} ORDER BY conname"
        ),
        indexes=column(
            "SELECT replace(pg_get_indexdef(indexrelid), %(on)s::text, ' ON {table} ') FROM pg_index"  # noqa: S608
            f" WHERE indrelid = %(table)s AND indexrelid NOT IN (SELECT conindid {keys}) ORDER BY indexrelid"
        ),
        triggers=column(
            "SELECT replace(pg_get_triggerdef(oid), %(on)s::text, ' ON {table} ') FROM pg_trigger"
            " WHERE tgrelid = %(table)s AND NOT tgisinternal ORDER BY tgname"
        ),
    )


def _copy(cursor: CursorWrapper, table: _Table) -> None:
    copy = f'pg_temp."{table.name}"'
    shortened = _SHORTENED.get(table.name, {})
    columns = ", ".join(f'"{column}"' for column in table.columns)
    values = ", ".join(shortened.get(column, f'"{column}"') for column in table.columns)
    kept = _KEPT.get(table.name, "true")
    cursor.execute(
        f'CREATE TEMPORARY TABLE "{table.name}" (LIKE {table.real}'
        " INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED INCLUDING CONSTRAINTS)"
    )
    cursor.execute(
        f"INSERT INTO {copy} ({columns}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {table.real} WHERE {kept}"  # noqa: S608
    )
    # Keys and indexes after the rows: built at once they take half the time.
    for definition in table.constraints:
        cursor.execute(f"ALTER TABLE {copy} ADD {definition}")
    for definition in (*table.indexes, *table.triggers):
        cursor.execute(definition.replace("{table}", copy))
    for column in table.identities:
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence(%s, %s),"  # noqa: S608
            f' coalesce((SELECT max("{column}") FROM {table.real}), 0) + 1, false)',
            [copy, column],
        )
    # The database gathers no statistics about temporary tables by itself.
    cursor.execute(f"ANALYZE {copy}")
