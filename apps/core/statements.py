"""Statements whose SQL is made once in a process.

What every page asks for is answered by the database in a fraction of the time that it takes to put the question: most
of a short query is the ORM building its SQL. A `Statement` lets the ORM build it once, and asks it again with other
values:

    HELD = Statement(lambda customer: Subscription.objects.filter(customer=customer).values_list("pk"), customer=int)
    HELD.first(customer=user.pk)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

_OFFSET = re.compile(r"OFFSET (\d+)")
# Values that no queryset has of its own, in whose place the real ones are put.
_STAND_INS: dict[type, Callable[[int], Any]] = {
    int: lambda number: 1_900_000_000 + number,
    str: lambda number: f"\N{LEMON} {number}",
    datetime: lambda number: datetime(1001, 1, 1 + number, tzinfo=UTC),
}


class Statement:
    """A query of columns (`values_list`) by values that are known when it is asked: whole numbers, texts, instants.

    `make` gives its queryset for such values, of the types that are named. The queryset has to be the same for all
    values but for these: no condition that one of them decides. A whole number may also be where a slice begins, if the
    slice has a length: `[first : first + 24]`. Rows come as the database driver gives them, without what a field makes
    of them.
    """

    def __init__(self, make: Callable[..., QuerySet], **types: type) -> None:
        self._make = make
        self._types = types

    def first(self, **values: Any) -> tuple[Any, ...] | None:
        """The first row; None where there is none. Raises TypeError unless all values are given. One query."""
        with self._asked(values) as cursor:
            return cursor.fetchone()

    def all(self, **values: Any) -> list[tuple[Any, ...]]:
        """All rows. Raises TypeError unless all values are given. One query."""
        with self._asked(values) as cursor:
            return cursor.fetchall()

    @contextmanager
    def _asked(self, values: Mapping[str, Any]) -> Iterator[CursorWrapper]:
        if values.keys() != self._types.keys():
            raise TypeError(f"Asked with {sorted(values)} instead of {sorted(self._types)}")
        sql, params = self._compiled
        with connection.cursor() as cursor:
            cursor.execute(sql, [param.of(values) if isinstance(param, _Place) else param for param in params])
            yield cursor

    @cached_property
    def _compiled(self) -> tuple[str, list[Any]]:
        stand_ins = {name: _STAND_INS[kind](number) for number, (name, kind) in enumerate(self._types.items())}
        sql, params = self._make(**stand_ins).query.sql_with_params()
        places = {value: name for name, value in stand_ins.items()}
        found = [_Place(places[param], type(param)) if param in places else param for param in params]
        # Where a slice begins Django writes into the SQL.
        for begins in reversed(list(_OFFSET.finditer(sql))):
            if (name := places.get(int(begins[1]))) is not None:
                found.insert(sql[: begins.start()].count("%s"), _Place(name, int))
                sql = f"{sql[: begins.start()]}OFFSET %s{sql[begins.end() :]}"
        missing = self._types.keys() - {place.name for place in found if isinstance(place, _Place)}
        if missing:
            raise TypeError(f"The statement does not depend on {sorted(missing)}")
        return sql, found


class _Place:
    """Where a value goes, and the type in which the driver sends it: that of the column."""

    def __init__(self, name: str, kind: type) -> None:
        self.name = name
        self._kind = kind if issubclass(kind, int) else None

    def of(self, values: Mapping[str, Any]) -> Any:
        """The value that goes here."""
        value = values[self.name]
        return self._kind(value) if self._kind else value
