"""What arrived lately is found without reading all that ever happened; on a table that is large, without locking it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0020_lines_remember_what_was_picked")]

    operations = [
        AddIndexConcurrently(
            model_name="orderhistory",
            index=models.Index(condition=models.Q(("new", "delivered")), fields=["at"], name="orders_arrived"),
        ),
    ]
