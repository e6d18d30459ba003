"""Lines say whether they supply goods or a service; those from before keep the words they were printed with."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("billing", "0060_invoices_forget_addresses")]

    operations = [
        migrations.AddField(
            model_name="invoiceline",
            name="supply",
            field=models.CharField(
                choices=[("service", "a service"), ("goods", "goods that are sent")],
                db_default="service",
                default="service",
                max_length=10,
                verbose_name="what is supplied",
            ),
        ),
    ]
