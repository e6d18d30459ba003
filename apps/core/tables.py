"""Making many tables at once in a migration.

Django applies operations one by one and renders all models again for each that touches another, which takes most of
the time on an empty database. Here the operations only tell what the tables look like in the end; each table is then
made once, with all its columns, constraints and indexes.
"""

from collections.abc import Sequence

from django.db.migrations.operations import SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation


class CreateTables(SeparateDatabaseAndState):
    """Operations on tables that this very operation makes: what is left of them in the end. None may carry data or SQL
    of its own."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__(state_operations=operations)

    def deconstruct(self):
        return self.__class__.__name__, [self.state_operations], {}

    def state_forwards(self, app_label, state) -> None:
        # Rendered again once, when somebody asks for a model, and not after each operation.
        state.__dict__.pop("apps", None)
        super().state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        for model in _only_in(to_state, from_state, app_label):
            schema_editor.create_model(model)

    def database_backwards(self, app_label, schema_editor, from_state, to_state) -> None:
        for model in reversed(_only_in(from_state, to_state, app_label)):
            schema_editor.delete_model(model)

    def describe(self) -> str:
        return "Create tables, each in its final form"


def _only_in(state, other, app_label: str) -> list:
    """The models of an app that one state has and the other has not."""
    added = [key for key in state.models if key not in other.models and key[0] == app_label]
    return [state.apps.get_model(*key) for key in added]
