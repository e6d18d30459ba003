"""Whether a failure says something about the row that was worked on, or only that the database was gone."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

# https://www.postgresql.org/docs/current/errcodes-appendix.html: connection exceptions, and a server that shuts down,
# crashes or recovers. Without any code, the connection broke before the server could say one.
_GONE = ("08", "57P")


def is_outage(problem: BaseException) -> bool:
    """Whether the database was lost, so that the same work may well succeed as soon as it is back."""
    if isinstance(problem, InterfaceError):
        return True
    if not isinstance(problem, OperationalError):
        return False
    code = getattr(problem.__cause__, "sqlstate", None)
    return code is None or code.startswith(_GONE)
