"""A write to what the shop shows makes a new edition, and so does a stock of which the visitor is told the number."""

from django.db import migrations

from apps.core.editions import watch, watch_level

# rules.FEW as it was when this was written.
_FEW = 5


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_guides_by_tenure"), ("core", "0002_edition")]

    operations = [
        watch("catalog_category"),
        watch("catalog_product"),
        watch("catalog_variant"),
        watch("catalog_productprice"),
        watch("catalog_productpicture"),
        watch("catalog_bundleslot"),
        watch("catalog_bundlechoice"),
        watch("catalog_guide"),
        watch("catalog_reviewanswer"),
        watch_level("catalog_stock", "available", most=_FEW),
    ]
