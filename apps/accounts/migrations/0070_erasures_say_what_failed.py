"""An erasure that a worker could not carry out says what failed, for staff."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("accounts", "0061_consents_forget_who")]

    operations = [
        migrations.AddField(
            model_name="erasure",
            name="stuck_for",
            field=models.CharField(blank=True, db_default="", default="", max_length=300, verbose_name="what failed"),
        ),
    ]
