"""A renewal that the customer asked for before its day is written down."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("memberships", "0063_plans_that_send_goods")]

    operations = [
        migrations.AlterField(
            model_name="history",
            name="kind",
            field=models.CharField(
                choices=[
                    ("status", "status"),
                    ("plan", "plan"),
                    ("cancel", "cancellation"),
                    ("undo", "cancellation undone"),
                    ("withdraw", "withdrawal"),
                    ("pause", "pause planned"),
                    ("unpause", "pause taken back"),
                    ("park", "parked"),
                    ("unpark", "taken up again"),
                    ("promise", "price promise"),
                    ("trial", "end of the trial moved"),
                    ("early", "renewed early"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        )
    ]
