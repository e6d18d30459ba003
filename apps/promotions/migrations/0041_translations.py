"""What the merchant writes, in every language of the shop."""

from django.db import migrations
from modeltrans.fields import TranslationField


class Migration(migrations.Migration):
    dependencies = [("promotions", "0040_goods")]

    operations = [
        migrations.AddField("promotion", "i18n", TranslationField(fields=("name",))),
    ]
