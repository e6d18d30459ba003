"""What was picked for a bundle stays with the line, to go back into the basket when the order comes to nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("orders", "0010_recipients_reminded")]

    operations = [
        migrations.AddField(
            model_name="orderline",
            name="choices",
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name="what was picked"),
        ),
    ]
