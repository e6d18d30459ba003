"""Rows that belong to a row, fetched within its statement, and annotations whose SQL is made once.

A page that shows a row with all that belongs to it asks for it in one statement instead of one for each kind:

    Product.objects.annotate(prices_shown=Rows(ProductPrice.objects.filter(product=OuterRef("pk")), "variant"))

Each product then has a list of prices, each with its variant, as `prefetch_related` would give them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import (
    BinaryField,
    DecimalField,
    DurationField,
    Field,
    FloatField,
    ForeignKey,
    JSONField,
    Model,
    OneToOneRel,
    QuerySet,
    Subquery,
)
from django.db.models.expressions import BaseExpression, RawSQL

from .models import Edition
from .statements import Statement

_INEXACT = (BinaryField, DecimalField, DurationField, FloatField)
_LONGEST_NAME = 63


class Rows(Subquery):
    """The rows of `queryset`, which names the row that they belong to by OuterRef, as a list in its order, without the
    columns that it defers.

    `beside` names what comes with each: a relation to one other row ("variant", "variant__stock") with all its columns,
    or a single column of one ("customer__name"), whose row has no other then. Annotations of the queryset come along,
    `Rows` among them; what they say has to have the same form in JSON. Raises TypeError for a name that is
    neither, and for columns of which JSON says less than the database.
    """

    template = "(SELECT coalesce(jsonb_agg(to_jsonb(nested)), '[]') FROM (%(subquery)s) nested (%(columns)s))"

    def __init__(self, queryset: QuerySet, *beside: str) -> None:
        shape = _Shape(queryset.model, [each for each in _columns(queryset.model) if _is_read(queryset, each)])
        for path in beside:
            shape.add(path)
        shape.check()
        shape.said.update((name, each.output_field) for name, each in queryset.query.annotations.items())
        paths = list(shape.paths())
        columns = ", ".join(f'"{path}"' for path in paths)
        self.shape = shape
        super().__init__(queryset.values_list(*paths), output_field=_RowsField(shape), columns=columns)

    def made(self, rows: list[dict[str, Any]]) -> list[Model | None]:
        """The instances of what the database says, read as JSON."""
        return [self.shape.made(row) for row in rows]


@dataclass
class _Shape:
    """What is fetched of a model, and how it becomes one of its instances again. `said` are its annotations."""

    model: type[Model]
    fields: list[Field]
    prefix: str = ""
    beside: dict[str, _Shape] = field(default_factory=dict)
    said: dict[str, Field] = field(default_factory=dict)

    def add(self, path: str) -> None:
        """Fetch a relation, or a column of one, too."""
        name, _separator, rest = path.partition("__")
        found = self.model._meta.get_field(name)
        if not isinstance(found, ForeignKey | OneToOneRel):
            if not isinstance(found, Field):
                raise TypeError(f"{path} is neither a column nor a relation to one row")
            self.fields.append(found)
            return
        related = found.related_model
        other = self.beside.setdefault(name, _Shape(related, [related._meta.pk], f"{self.prefix}{name}__"))
        if rest:
            other.add(rest)
        else:
            other.fields = _columns(related)

    def check(self) -> None:
        """Refuse what would come back otherwise than it is, and names that PostgreSQL would cut off."""
        for each in self.fields:
            if isinstance(each, _INEXACT) or len(self.prefix + each.attname) > _LONGEST_NAME:
                raise TypeError(f"{each} cannot be one of nested rows")
        for shape in self.beside.values():
            shape.check()

    def paths(self) -> Iterator[str]:
        """The columns of the rows that the database makes."""
        yield from (self.prefix + each.attname for each in self.fields)
        for shape in self.beside.values():
            yield from shape.paths()
        yield from self.said

    def made(self, row: dict[str, Any]) -> Model | None:
        """The instance of a row that came as JSON; None where a relation leads to no row."""
        if row[self.prefix + self.model._meta.pk.attname] is None:
            return None
        values = [each.to_python(row[self.prefix + each.attname]) for each in self.fields]
        instance = self.model.from_db(DEFAULT_DB_ALIAS, [each.attname for each in self.fields], values)
        for name, shape in self.beside.items():
            other = shape.made(row)
            relation = self.model._meta.get_field(name)
            assert isinstance(relation, ForeignKey | OneToOneRel)
            relation.set_cached_value(instance, other)
            if other is not None and isinstance(relation, OneToOneRel):
                relation.remote_field.set_cached_value(other, instance)
        for name, each in self.said.items():
            setattr(instance, name, each.made(row[name]) if isinstance(each, _RowsField) else row[name])
        return instance


def _columns(model: type[Model]) -> list[Field]:
    # What the database makes of the others is for it to search in.
    return [each for each in model._meta.concrete_fields if not each.generated]


def _is_read(queryset: QuerySet, column: Field) -> bool:
    names, is_deferred = queryset.query.deferred_loading
    return (column.name not in names) is is_deferred


class _RowsField(JSONField):
    """What the database says of `Rows`, as instances."""

    def __init__(self, shape: _Shape) -> None:
        super().__init__()
        self.shape = shape

    def made(self, rows: list[dict[str, Any]]) -> list[Model | None]:
        return [self.shape.made(row) for row in rows]

    def from_db_value(self, value, expression, connection) -> list[Model | None]:
        return self.made(super().from_db_value(value, expression, connection))


def compiled(model: type[Model], expression: BaseExpression) -> RawSQL:
    """An annotation of the rows of `model` that is SQL already. Keep it where an annotation is asked for often and is
    always the same: making the statement of nested questions takes longer than answering it.

    For querysets of the model itself; not within another one, where its table has another name.
    """
    query = model._default_manager.annotate(compiled=expression).query
    sql, params = query.get_compiler(DEFAULT_DB_ALIAS).compile(query.annotations["compiled"])
    return RawSQL(sql, params, output_field=expression.output_field)  # noqa: S611 - Django has just made it


class Fetched:
    """Instances with their `Rows`, by values that are known when they are asked for: a `Statement` that gives models.

    Takes what `Rows` takes, of querysets that `make` gives for values of the types that are named.
    """

    def __init__(self, make: Callable[..., QuerySet], *beside: str, **types: type) -> None:
        self._make = make
        self._beside = beside
        self._statement = Statement(self._hung, **types)

    def all(self, **values: Any) -> list[Any]:
        """The instances, in their order. One query."""
        found = self._statement.first(**values)
        assert found is not None
        return self._rows.made(json.loads(found[0]))

    def _hung(self, **values: Any) -> QuerySet:
        self._rows = Rows(self._make(**values), *self._beside)
        # The row of the edition is there and is one: they hang on it.
        return Edition.objects.values_list(self._rows)
