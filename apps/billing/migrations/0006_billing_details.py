"""Company, address and tax number of a customer, and the evidence that the number is registered."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from apps.core.append_only import protect


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0005_seller'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BillingDetails',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company', models.CharField(blank=True, max_length=200, verbose_name='company')),
                ('line1', models.CharField(blank=True, max_length=120, verbose_name='street and number')),
                ('line2', models.CharField(blank=True, max_length=120, verbose_name='address, second line')),
                ('postcode', models.CharField(blank=True, max_length=20, verbose_name='postcode')),
                ('city', models.CharField(blank=True, max_length=100, verbose_name='city')),
                ('tax_number', models.CharField(blank=True, max_length=20, verbose_name='VAT number')),
                ('number_status', models.CharField(choices=[('unchecked', 'not checked'), ('valid', 'registered'), ('invalid', 'not registered')], default='unchecked', max_length=10, verbose_name='VAT number is')),
                ('checked_at', models.DateTimeField(blank=True, null=True, verbose_name='checked')),
                ('valid_until', models.DateTimeField(blank=True, null=True, verbose_name='good until')),
                ('next_check_at', models.DateTimeField(blank=True, null=True, verbose_name='next check')),
                ('updated_at', models.DateTimeField(verbose_name='changed')),
                ('customer', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='billing_details', to=settings.AUTH_USER_MODEL, verbose_name='customer')),
            ],
            options={
                'verbose_name': 'billing details',
                'verbose_name_plural': 'billing details',
                'ordering': ['-updated_at'],
                'indexes': [models.Index(condition=Q(('next_check_at__isnull', False)), fields=['next_check_at'], name='billing_details_to_check')],
                'constraints': [
                    models.CheckConstraint(condition=Q(('number_status__in', ['unchecked', 'valid', 'invalid'])), name='billing_details_number_status'),
                    models.CheckConstraint(
                        condition=Q(number_status="valid", valid_until__isnull=False, valid_until__gt=F("checked_at")) | ~Q(number_status="valid") & Q(valid_until=None),
                        name='billing_details_valid_until_an_end',
                    ),
                    models.CheckConstraint(
                        condition=Q(number_status="unchecked", checked_at=None) | ~Q(number_status="unchecked") & Q(checked_at__isnull=False) & ~Q(tax_number=""),
                        name='billing_details_verdict_with_number_and_date',
                    ),
                    models.CheckConstraint(condition=~Q(tax_number="") | Q(next_check_at=None), name='billing_details_no_number_no_check'),
                    models.CheckConstraint(condition=Q(tax_number="") | ~Q(company="") & ~Q(line1="") & ~Q(city=""), name='billing_details_number_of_somebody'),
                ],
            },
        ),
        migrations.CreateModel(
            name='TaxNumberCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tax_number', models.CharField(max_length=20, verbose_name='VAT number')),
                ('requester_number', models.CharField(blank=True, max_length=20, verbose_name='asked by')),
                ('outcome', models.CharField(choices=[('valid', 'registered'), ('invalid', 'not registered'), ('unavailable', 'no answer')], max_length=12, verbose_name='outcome')),
                ('name', models.CharField(blank=True, max_length=300, verbose_name='registered name')),
                ('address', models.TextField(blank=True, verbose_name='registered address')),
                ('consultation_number', models.CharField(blank=True, max_length=60, verbose_name='consultation number')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='reason')),
                ('asked_at', models.DateTimeField(verbose_name='asked')),
                ('details', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='billing.billingdetails', verbose_name='billing details')),
            ],
            options={
                'verbose_name': 'VAT number check',
                'verbose_name_plural': 'VAT number checks',
                'ordering': ['-asked_at', '-pk'],
                'indexes': [models.Index(fields=['details', '-asked_at'], name='billing_number_checks_of')],
                'constraints': [models.CheckConstraint(condition=Q(('outcome__in', ['valid', 'invalid', 'unavailable'])), name='billing_number_check_outcome')],
            },
        ),
        protect("billing_taxnumbercheck"),
    ]
