"""Finding what was settled lately, and refunds by the gateway's name, on tables that are large: without locking them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("billing", "0021_reconciliation")]

    operations = [
        AddIndexConcurrently(
            model_name='payment',
            index=models.Index(condition=models.Q(('status', 'succeeded')), fields=['settled_at', 'id'], name='billing_payment_succeeded'),
        ),
        AddIndexConcurrently(
            model_name='refund',
            index=models.Index(condition=models.Q(('status', 'succeeded')), fields=['settled_at', 'id'], name='billing_refund_succeeded'),
        ),
        AddIndexConcurrently(
            model_name='refund',
            index=models.Index(condition=models.Q(('gateway_id', ''), _negated=True), fields=['gateway_id'], name='billing_refund_by_gateway'),
        ),
    ]
