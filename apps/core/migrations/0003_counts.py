"""The mark of the numbers that visitors are told, apart from that of what staff show: a sale is no edit."""

import uuid

from django.db import migrations, models

from apps.core import editions


class Migration(migrations.Migration):
    dependencies = [("core", "0002_edition")]

    operations = [
        migrations.AddField(
            model_name="edition",
            name="counts",
            field=models.UUIDField(default=uuid.uuid4, verbose_name="mark of the numbers"),
        ),
        migrations.RunSQL(sql=editions.COUNTS, reverse_sql="DROP FUNCTION core_new_counts;"),
    ]
