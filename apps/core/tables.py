"""Making many tables at once in a migration.

Django applies operations one by one and renders all models again for each that touches another, which takes most of
the time on an empty database. Here the operations only tell what the tables look like in the end; each table is then
made once, with all its columns, constraints and indexes.
"""

from collections.abc import Sequence

from django.db.migrations.operations import CreateModel, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation


class CreateTables(SeparateDatabaseAndState):
    """CreateModel, AddField, AddConstraint and AddIndex operations on tables that this very operation makes."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__(state_operations=operations)

    def deconstruct(self):
        return self.__class__.__name__, [self.state_operations], {}

    def state_forwards(self, app_label, state) -> None:
        # Rendered again once, when somebody asks for a model, and not after each operation.
        state.__dict__.pop("apps", None)
        super().state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        for name in self._names():
            schema_editor.create_model(to_state.apps.get_model(app_label, name))

    def database_backwards(self, app_label, schema_editor, from_state, to_state) -> None:
        for name in reversed(self._names()):
            schema_editor.delete_model(from_state.apps.get_model(app_label, name))

    def describe(self) -> str:
        return f"Create tables for {len(self._names())} models"

    def _names(self) -> list[str]:
        return [operation.name for operation in self.state_operations if isinstance(operation, CreateModel)]
