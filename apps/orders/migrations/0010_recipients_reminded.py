"""Of which box its customer was reminded last."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("orders", "0004_boxes")]

    operations = [
        migrations.AddField(
            model_name="boxrecipient",
            name="told_for",
            field=models.DateTimeField(blank=True, null=True, verbose_name="reminded of the box of"),
        ),
    ]
