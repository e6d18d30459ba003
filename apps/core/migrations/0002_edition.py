"""The edition of what staff show: one row, whose mark changes with every write to a table under watch."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0001_clock_and_runs")]

    operations = [
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("mark", models.UUIDField(default=uuid.uuid4, verbose_name="mark")),
            ],
            options={
                "verbose_name": "edition",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="core_one_edition")],
            },
        ),
        migrations.RunSQL(
            "INSERT INTO core_edition (id, mark) VALUES (1, gen_random_uuid())", migrations.RunSQL.noop
        ),
    ]
