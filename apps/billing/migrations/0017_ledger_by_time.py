"""The index by which a month of the ledger is found; it is built while the shop goes on writing."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("billing", "0016_journal")]

    operations = [
        AddIndexConcurrently(
            model_name="ledgerentry", index=BrinIndex(autosummarize=True, fields=["at"], name="billing_ledger_by_time")
        ),
    ]
