"""What the merchant writes, in every language of the shop."""

from django.db import migrations
from modeltrans.fields import TranslationField

from apps.core.tables import Together


class Migration(migrations.Migration):
    dependencies = [("memberships", "0072_parcels_that_come_back")]

    operations = [
        Together([
            migrations.AddField("benefit", "i18n", TranslationField(fields=("text",))),
            migrations.AddField("plan", "i18n", TranslationField(fields=("name", "tagline", "description"))),
            migrations.AddField("pricechange", "i18n", TranslationField(fields=("explanation",))),
        ])
    ]
