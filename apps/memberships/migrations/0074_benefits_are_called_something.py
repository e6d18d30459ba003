from django.db import migrations, models
from modeltrans.fields import TranslationField

from apps.core.tables import Together


class Migration(migrations.Migration):
    dependencies = [("memberships", "0073_translations")]

    operations = [
        Together([
            migrations.AddField(
                "benefit",
                "label",
                models.CharField(
                    blank=True,
                    help_text="What its row is called where plans that grant it differently are compared, such as “Guides”.",
                    max_length=60,
                    verbose_name="short",
                    default="",
                ),
                preserve_default=False,
            ),
            migrations.AlterField("benefit", "i18n", TranslationField(fields=("text", "label"))),
        ])
    ]
