"""Steps of a migration taken together.

Django takes operations one by one, and renders the models around a table again before and after each: on an empty
database that is most of the time. Together they are rendered twice: as they are before, and as they are in the end.
"""

from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations import CreateModel, RunSQL, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation


class Together(SeparateDatabaseAndState):
    """Operations none of which needs to see the models between two others.

    A table that is new is made once, as it is in the end, whatever the operations on it; those on other tables are
    carried out in their order. Not for Python that reads data, for a field that is altered twice, or for one that is
    renamed.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__(state_operations=operations)

    def deconstruct(self):
        return self.__class__.__name__, [self.state_operations], {}

    def state_forwards(self, app_label, state) -> None:
        # Rendered again once, when somebody asks for a model, and not after each operation.
        state.__dict__.pop("apps", None)
        super().state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        for operation in self.state_operations:
            if _is_known(operation, app_label, from_state):
                operation.database_forwards(app_label, schema_editor, from_state, to_state)
            elif isinstance(operation, CreateModel) and _is_known(operation, app_label, to_state):
                schema_editor.create_model(to_state.apps.get_model(app_label, operation.name))

    def database_backwards(self, app_label, schema_editor, from_state, to_state) -> None:
        for operation in reversed(self.state_operations):
            if _is_known(operation, app_label, to_state):
                operation.database_backwards(app_label, schema_editor, from_state, to_state)
            elif isinstance(operation, CreateModel) and _is_known(operation, app_label, from_state):
                schema_editor.delete_model(from_state.apps.get_model(app_label, operation.name))

    def describe(self) -> str:
        return f"{len(self.state_operations)} steps together"


def _is_known(operation: Any, app_label: str, state) -> bool:
    """Whether the state has the table of an operation; SQL is about none that Django knows of."""
    if isinstance(operation, RunSQL):
        return True
    name = getattr(operation, "model_name", None) or operation.name
    return (app_label, name.lower()) in state.models
