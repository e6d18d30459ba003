"""Lines of prices without tax; a reverse-charge invoice may give tax back that was charged before."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [('billing', '0006_billing_details')]

    operations = [
        migrations.AddField(
            model_name='invoiceline',
            name='tax_included',
            field=models.BooleanField(db_default=True, default=True, help_text='Whether the unit price contains the tax.', verbose_name='price with tax'),
        ),
        # Not valid at first, so that a big table is not locked while its rows are read: see 0008.
        AddConstraintNotValid(
            model_name='invoice',
            constraint=models.CheckConstraint(
                condition=Q(tax_treatment="standard") | Q(tax_treatment="reverse_charge", tax_minor__lte=0) & ~Q(customer_tax_number=""),
                name='billing_invoice_reverse_charge_charges_no_tax',
            ),
        ),
        migrations.RemoveConstraint(model_name='invoice', name='billing_invoice_reverse_charge_has_no_tax'),
    ]
