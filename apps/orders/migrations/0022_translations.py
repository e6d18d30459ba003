"""What the merchant writes, in every language of the shop."""

from django.db import migrations
from modeltrans.fields import TranslationField


class Migration(migrations.Migration):
    dependencies = [("orders", "0021_arrivals_by_day")]

    operations = [
        migrations.AddField("shippingrate", "i18n", TranslationField(fields=("name", "detail"))),
    ]
