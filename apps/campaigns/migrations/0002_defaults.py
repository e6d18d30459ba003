"""The campaigns a shop starts with, and notices that are never taken back."""

from django.db import migrations

from apps.campaigns import defaults
from apps.core.append_only import protect


def create(apps, schema_editor) -> None:
    defaults.create(
        campaign_model=apps.get_model("campaigns", "Campaign"), step_model=apps.get_model("campaigns", "Step")
    )


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0001_campaigns")]

    operations = [
        migrations.RunPython(create, migrations.RunPython.noop),
        protect("campaigns_notice"),
    ]
