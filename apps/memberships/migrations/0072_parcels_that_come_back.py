"""What was withdrawn from, and waits for its parcel to come back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("memberships", "0071_goods_are_no_membership")]

    operations = [
        migrations.AlterField(
            model_name="handling",
            name="doubt",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "–"),
                    ("no_match", "No open contract of this address was found."),
                    ("several", "More than one contract may be meant."),
                    ("unknown_number", "The contract that is named was not found."),
                    ("not_bought", "The membership was given, not bought."),
                    ("gift", "A gift is meant, or may be."),
                    ("too_late", "The fourteen days are over."),
                    ("good_reason", "A good reason is given: the membership is cancelled to the end of its period."),
                    ("later", "It is to end after the present period."),
                    ("failed", "It could not be carried out."),
                    ("parcel", "The contract has ended. The money goes back when the parcel is back."),
                ],
                max_length=20,
                verbose_name="why a person decides",
            ),
        )
    ]
