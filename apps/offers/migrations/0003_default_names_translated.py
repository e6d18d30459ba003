"""The promotions a shop starts with, in its other languages."""

from django.db import migrations

from apps.offers import defaults


def translate(apps, schema_editor) -> None:
    defaults.translate(promotion_model=apps.get_model("promotions", "Promotion"))


class Migration(migrations.Migration):
    dependencies = [("offers", "0002_defaults"), ("promotions", "0041_translations")]

    operations = [migrations.RunPython(translate, migrations.RunPython.noop)]
