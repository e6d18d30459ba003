"""Check the invoices that were there before the constraint; writers go on meanwhile."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [('billing', '0007_lines_with_or_without_tax')]

    operations = [ValidateConstraint(model_name='invoice', name='billing_invoice_reverse_charge_charges_no_tax')]
