"""Finding the cards that expire, without locking the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("billing", "0022_reconciliation_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name='card',
            index=models.Index(condition=models.Q(('detached_at', None)), fields=['exp_year', 'exp_month'], name='billing_card_expiry'),
        ),
    ]
