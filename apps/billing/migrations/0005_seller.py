"""The seller as invoices name them, and what an invoice keeps of both sides."""

from django.conf import settings
from django.db import migrations, models


def introduce(apps, schema_editor):
    apps.get_model("billing", "Seller").objects.create(
        pk=1, legal_name=settings.SHOP_NAME, address=settings.SHOP_ADDRESS.replace(", ", "\n"), country="IT"
    )


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0004_defaults'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Seller',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('legal_name', models.CharField(max_length=200, verbose_name='legal name')),
                ('address', models.TextField(help_text='As it is printed: one line each.', verbose_name='address')),
                ('country', models.CharField(help_text='ISO 3166 alpha-2.', max_length=2, verbose_name='country')),
                ('tax_number', models.CharField(blank=True, help_text="With the country's prefix, such as IT00743110157.", max_length=20, verbose_name='VAT number')),
                ('registration', models.CharField(blank=True, help_text='Company register and number, where one is due.', max_length=200, verbose_name='registration')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail for questions about invoices')),
                ('tax_rounding', models.CharField(choices=[('line', 'each line'), ('document', 'each document, by rate')], default='line', max_length=10, verbose_name='tax is rounded for')),
            ],
            options={
                'verbose_name': 'seller',
                'verbose_name_plural': 'seller',
            },
        ),
        migrations.AddField(
            model_name='invoice',
            name='customer_address',
            field=models.TextField(blank=True, help_text='As printed: one line each.', verbose_name="customer's address"),
        ),
        migrations.AddField(
            model_name='invoice',
            name='customer_company',
            field=models.CharField(blank=True, max_length=200, verbose_name="customer's company"),
        ),
        migrations.AddField(
            model_name='invoice',
            name='customer_tax_number',
            field=models.CharField(blank=True, max_length=20, verbose_name="customer's VAT number"),
        ),
        migrations.AddField(
            model_name='invoice',
            name='seller_details',
            field=models.JSONField(blank=True, default=dict, verbose_name='seller, as printed'),
        ),
        migrations.AddField(
            model_name='invoice',
            name='tax_treatment',
            field=models.CharField(choices=[('standard', "taxed at the customer's rate"), ('reverse_charge', 'reverse charge: the customer accounts for the tax')], default='standard', max_length=20, verbose_name='tax treatment'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('tax_treatment', 'standard'), models.Q(('tax_minor', 0), ('tax_treatment', 'reverse_charge'), models.Q(('customer_tax_number', ''), _negated=True)), _connector='OR'), name='billing_invoice_reverse_charge_has_no_tax'),
        ),
        migrations.AddConstraint(
            model_name='seller',
            constraint=models.CheckConstraint(condition=models.Q(('pk', 1)), name='billing_one_seller'),
        ),
        migrations.AddConstraint(
            model_name='seller',
            constraint=models.CheckConstraint(condition=models.Q(('tax_rounding__in', ['line', 'document'])), name='billing_seller_rounding'),
        ),
        migrations.RunPython(introduce, migrations.RunPython.noop),
    ]
