"""The edition of what staff show: a mark that the database changes with every write to the tables under watch.

A page that is kept is kept under the mark that was read before it was made. Whoever writes gives the shop a new mark in
the same transaction, so once it has committed nobody asks for what was made before, and what a slow reader makes of old
rows is kept under the old mark. Marks are random and never come again, not even after a rollback.
"""

from django.db import migrations

_FUNCTION = """
CREATE OR REPLACE FUNCTION core_new_edition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE core_edition SET mark = gen_random_uuid();
    RETURN NULL;
END $$;
"""

COUNTS = """
CREATE OR REPLACE FUNCTION core_new_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE core_edition SET counts = gen_random_uuid();
    RETURN NULL;
END $$;
"""


def watch(table: str) -> migrations.RunSQL:
    """A migration operation: every statement that writes to `table` makes a new edition."""
    return migrations.RunSQL(
        sql=f"""{_FUNCTION}
        CREATE TRIGGER {table}_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION core_new_edition();""",
        reverse_sql=f"DROP TRIGGER {table}_edition ON {table};",
    )


def watch_level(table: str, column: str, *, most: int) -> migrations.RunSQL:
    """A migration operation: a row that comes or goes makes a new edition, and one whose number in `column` changes
    while it is, or was, at most `most`. What is sold from a full shelf makes none."""
    changed = f"least(OLD.{column}, {most + 1}) IS DISTINCT FROM least(NEW.{column}, {most + 1})"
    return migrations.RunSQL(
        sql=f"""{_FUNCTION}
        CREATE TRIGGER {table}_edition AFTER INSERT OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION core_new_edition();
        CREATE TRIGGER {table}_level AFTER UPDATE ON {table}
            FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION core_new_edition();""",
        reverse_sql=f"DROP TRIGGER {table}_edition ON {table}; DROP TRIGGER {table}_level ON {table};",
    )


def count_level(table: str, column: str, *, most: int) -> migrations.RunSQL:
    """A migration operation: from now on a number that `watch_level` watches is not an edit when it changes, but gives
    the numbers a new mark."""
    changed = f"least(OLD.{column}, {most + 1}) IS DISTINCT FROM least(NEW.{column}, {most + 1})"
    trigger = "CREATE TRIGGER {0}_level AFTER UPDATE ON {0} FOR EACH ROW WHEN ({1}) EXECUTE FUNCTION {2}();"
    dropped = f"DROP TRIGGER {table}_level ON {table};"
    return migrations.RunSQL(
        sql=dropped + trigger.format(table, changed, "core_new_counts"),
        reverse_sql=dropped + trigger.format(table, changed, "core_new_edition"),
    )
