"""The policies and win-back incentives a shop starts with, and policies that are never edited."""

from datetime import UTC, datetime

from django.db import migrations

from apps.core.append_only import protect
from apps.offers import defaults

# Before any membership of any shop, so that a promotion is valid for those who bring their history along.
BEGINNING = datetime(2022, 1, 1, tzinfo=UTC)


def create(apps, schema_editor) -> None:
    defaults.create(
        policy_model=apps.get_model("offers", "OfferPolicy"),
        incentive_model=apps.get_model("offers", "WinbackIncentive"),
        promotion_model=apps.get_model("promotions", "Promotion"),
        now=BEGINNING,
    )


class Migration(migrations.Migration):

    dependencies = [("offers", "0001_offers")]

    operations = [
        migrations.RunPython(create, migrations.RunPython.noop),
        protect("offers_offerpolicy"),
    ]
