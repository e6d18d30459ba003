"""Lookups that Django does not have."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigAutoField, BigIntegerField, ForeignKey, IntegerField, Lookup, UUIDField
from django.db.models.sql.compiler import SQLCompiler


class AnyOf(Lookup):
    """`pk__any=[...]`: as `__in`, with all values in one array. However many there are, the statement is the same, so
    it is built, planned and prepared once; `__in` with a thousand values takes ten milliseconds each time."""

    lookup_name = "any"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        return "%s", (list(value),)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        kind = self.lhs.output_field.rel_db_type(connection) or "bigint"
        _right, right_params = self.process_rhs(compiler, connection)
        return f"{left} = ANY(%s::{kind}[])", (*left_params, *right_params)


def register() -> None:
    """Make the lookup known for keys and numbers."""
    for field in (ForeignKey, IntegerField, BigIntegerField, BigAutoField, UUIDField):
        field.register_lookup(AnyOf)
