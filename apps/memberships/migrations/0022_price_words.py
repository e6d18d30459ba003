"""Words for a membership that ended over its price, and for what was agreed."""

from django.db import migrations, models

from apps.core.tables import Together


class Migration(migrations.Migration):

    dependencies = [("memberships", "0021_price_promise_guards")]

    operations = [
        Together([
        migrations.AlterField(
            model_name='history',
            name='kind',
            field=models.CharField(choices=[('status', 'status'), ('plan', 'plan'), ('cancel', 'cancellation'), ('undo', 'cancellation undone'), ('park', 'parked'), ('unpark', 'taken up again'), ('promise', 'price promise')], max_length=10, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='end_reason',
            field=models.CharField(blank=True, choices=[('cancelled', 'cancelled by the customer'), ('payment', 'payment could not be collected'), ('upgraded', 'replaced by another plan'), ('staff', 'ended by staff'), ('price', 'no agreement to a new price'), ('first_payment', 'the first payment did not succeed'), ('abandoned', 'the sign-up was not finished')], max_length=20, verbose_name='reason of the end'),
        ),
        ]),
    ]
