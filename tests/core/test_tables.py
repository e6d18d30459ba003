"""Tables that a migration makes all at once."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from apps.core.tables import Together

pytestmark = pytest.mark.django_db

OPERATION = Together(
    [
        migrations.CreateModel("Tree", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]),
        migrations.CreateModel(
            "Pot",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("tree", models.ForeignKey("orchard.Tree", models.CASCADE)),
            ],
        ),
        # The two refer to each other, so one column can only come after both.
        migrations.AddField("tree", "first_pot", models.ForeignKey("orchard.Pot", models.CASCADE, null=True)),
        migrations.AddConstraint("tree", models.UniqueConstraint(fields=["name"], name="orchard_name_once")),
        migrations.AddIndex("pot", models.Index(fields=["tree", "-id"], name="orchard_pots_by_tree")),
    ]
)


def constraints(table: str) -> set[str]:
    """The names and kinds of what the database knows about a table."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    return {name for name, facts in found.items() if not facts["foreign_key"]} | {
        f"{facts['columns']} -> {facts['foreign_key']}" for facts in found.values() if facts["foreign_key"]
    }


def test_tables_come_with_columns_constraints_and_indexes_and_go_again():
    before, after = ProjectState(), ProjectState()
    OPERATION.state_forwards("orchard", after)
    with connection.schema_editor(atomic=False) as editor:
        OPERATION.database_forwards("orchard", editor, before, after)

    assert {"orchard_name_once", "['first_pot_id'] -> ('orchard_pot', 'id')"} <= constraints("orchard_tree")
    assert {"orchard_pots_by_tree", "['tree_id'] -> ('orchard_tree', 'id')"} <= constraints("orchard_pot")

    with connection.schema_editor(atomic=False) as editor:
        OPERATION.database_backwards("orchard", editor, after, before)
    assert not {"orchard_tree", "orchard_pot"} & set(connection.introspection.table_names())
