"""Which VAT numbers a person typed of late: what bounds how many the registry is asked about."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0034_stated_tax'),
    ]

    operations = [
        migrations.CreateModel(
            name='TaxNumberTry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tax_number', models.CharField(max_length=20, verbose_name='VAT number')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('details', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tries', to='billing.billingdetails', verbose_name='billing details')),
            ],
            options={
                'verbose_name': 'VAT number typed',
                'verbose_name_plural': 'VAT numbers typed',
                'ordering': ['-at', '-pk'],
                'indexes': [models.Index(fields=['details', '-at'], name='billing_number_tries_of'), models.Index(fields=['at'], name='billing_number_tries_by_time')],
            },
        ),
    ]
