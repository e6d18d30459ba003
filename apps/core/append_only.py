"""Tables that only grow: a trigger refuses UPDATE, DELETE and TRUNCATE, for raw SQL too.

One thing is allowed: when a person is erased, the columns that hold who they are can be overwritten, in a transaction
that says so (`erasing`). Every other column stays refused, and so does deleting.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, migrations, transaction

_FUNCTION = """
CREATE OR REPLACE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_NARGS > 0 AND current_setting('orangery.erasing', true) = 'yes' THEN
        IF to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
"""


def protect(table: str, *, personal: tuple[str, ...] = ()) -> migrations.RunSQL:
    """A migration operation that makes `table` append-only; erasure may overwrite the `personal` columns."""
    return migrations.RunSQL(
        sql=f"""{_FUNCTION}
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION core_refuse_change({_arguments(personal)});
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();""",
        reverse_sql=f"""DROP TRIGGER {table}_append_only ON {table};
        DROP TRIGGER {table}_no_truncate ON {table};""",
    )


def let_erase(table: str, *, personal: tuple[str, ...]) -> migrations.RunSQL:
    """A migration operation for a table that is append-only already: erasure may overwrite the `personal` columns."""

    def trigger(columns: tuple[str, ...]) -> str:
        return f"""CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION core_refuse_change({_arguments(columns)});"""

    return migrations.RunSQL(sql=_FUNCTION + trigger(personal), reverse_sql=trigger(()))


@contextmanager
def erasing() -> Iterator[None]:
    """A transaction in which the personal columns of append-only tables can be overwritten."""
    with transaction.atomic():
        _say("yes")
        yield
        _say("")


def _say(answer: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('orangery.erasing', %s, true)", [answer])


def _arguments(columns: tuple[str, ...]) -> str:
    return ", ".join(f"'{column}'" for column in columns)
