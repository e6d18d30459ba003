"""Where a rehearsal plays: the shop's own tables, copied into temporary ones of a database session of its own.

PostgreSQL looks for a table in the session's temporary schema first. A copy of each of our tables there shadows the
real one, so the engine runs unchanged, trigger by trigger and constraint by constraint, and what it writes goes to the
copies. Closing the session drops them: there is nothing to roll back and nothing that could remain, not even a used
number of a sequence, since the copies have sequences of their own.

Why not one long transaction on the real tables, rolled back at the end: it would hold the invoice series, the credit
accounts and every due subscription for a minute, and live renewals would wait for it. In short transactions of a few
customers each they would wait less, but wait. Here the real tables are read once, in one snapshot, which waits for
nobody and which nobody waits for.

That the engine writes nothing real is not a matter of care. All transactions of the session after the copying are READ
ONLY, in which PostgreSQL refuses any write, row lock or sequence that is not temporary. The session begins in that
state, so even one that had to be opened anew, without its copies, could not write. Transactions commit as often as
the engine likes: they are small, hold no lock on anything that others see, and reach no disk.

A pooler between the shop and PostgreSQL must give the session its own connection (PgBouncer: session pooling).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend

from . import copying

# lock_timeout: if a migration is rebuilding a table, the rehearsal gives up instead of standing in the queue before
# live work. temp_buffers: the copies are read and written over and over, and PostgreSQL gives them 8 MB by default.
_SESSION = {
    "default_transaction_read_only": "on",
    "application_name": "rehearsal",
    "lock_timeout": "5s",
    "temp_buffers": "256MB",
    "jit": "off",
}


# The rule of autovacuum: https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM
_CHANGED = """
    SELECT format('pg_temp.%I', relname) FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'
        AND pg_stat_get_mod_since_analyze(oid) > 50 + 0.1 * greatest(reltuples, 0)
"""


class NotIsolated(RuntimeError):
    """The session did not begin read-only: something between the shop and PostgreSQL drops its settings."""


class Stage:
    """The engine's view of the database while a rehearsal plays, for this thread."""

    def __init__(self, real: BaseDatabaseWrapper, staged: BaseDatabaseWrapper) -> None:
        self._real = real
        self._staged = staged

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Back to the real database for a moment, such as to note how far the rehearsal is."""
        connections[DEFAULT_DB_ALIAS] = self._real
        try:
            yield
        finally:
            connections[DEFAULT_DB_ALIAS] = self._staged

    def analyse(self) -> None:
        """Gather statistics about the copies that have changed a good deal since the last time, which PostgreSQL does
        by itself only for tables that all can see: a plan made for ten rows is ruinous for ten thousand."""
        with self._staged.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute(_CHANGED)
            for (table,) in cursor.fetchall():
                cursor.execute(f"ANALYZE {table}")


@contextmanager
def build() -> Iterator[Stage]:
    """Copy the book and let this thread work on the copy until the block ends; then the copy is gone.

    Only the calling thread is on the stage; other threads, and other processes, keep to the real database. Raises
    NotIsolated, and OperationalError when a table is locked for longer than five seconds.
    """
    real = connections[DEFAULT_DB_ALIAS]
    staged = _connect(real)
    try:
        copying.copy_book(staged)
        connections[DEFAULT_DB_ALIAS] = staged
        try:
            yield Stage(real, staged)
        finally:
            connections[DEFAULT_DB_ALIAS] = real
    finally:
        staged.close()


def _connect(real: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """A connection of the rehearsal's own, of which nothing is ever reused."""
    settings: dict[str, Any] = deepcopy(real.settings_dict)
    settings.update(CONN_MAX_AGE=None, CONN_HEALTH_CHECKS=False)
    options = settings["OPTIONS"]
    options.pop("pool", None)
    options["options"] = " ".join(
        [options.get("options", ""), *(f"-c {name}={value}" for name, value in _SESSION.items())]
    ).strip()
    staged = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, DEFAULT_DB_ALIAS)
    # What is to happen after a commit is meant for the world outside, and this commit never reaches it.
    staged.on_commit = _never
    with staged.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        if cursor.fetchone()[0] != "on":
            staged.close()
            raise NotIsolated("The database session of the rehearsal could not be made read-only.")
    return staged


def _never(function: Callable[[], object], robust: object = False) -> None:  # noqa: FBT002 - Django's signature
    """In place of `on_commit`."""
