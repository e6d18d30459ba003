"""Disputes, the money they moved, and the accounts of the ledger that they need."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0011_credit_note_guards'),
    ]

    operations = [
        migrations.AlterField(
            model_name='ledgerentry',
            name='account',
            field=models.CharField(choices=[('receivable', 'receivable'), ('cash', 'cash'), ('revenue_deferred', 'deferred revenue'), ('revenue', 'revenue'), ('tax_payable', 'tax payable'), ('refunds_clearing', 'refunds clearing'), ('customer_credit', 'customer credit'), ('points_liability', 'points liability'), ('points_expense', 'points expense'), ('bad_debt', 'bad debt'), ('disputes', 'held by banks in disputes'), ('gateway_fees', 'fees of the gateway')], max_length=30, verbose_name='account'),
        ),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gateway_id', models.CharField(max_length=255, unique=True, verbose_name='gateway dispute')),
                ('intent_id', models.CharField(blank=True, max_length=255, verbose_name='gateway intent')),
                ('status', models.CharField(choices=[('needs_response', 'needs response'), ('under_review', 'under review'), ('won', 'won'), ('lost', 'lost')], default='needs_response', max_length=20, verbose_name='status')),
                ('is_inquiry', models.BooleanField(default=False, help_text='The bank only asks so far: no money was taken.', verbose_name='inquiry')),
                ('reason', models.CharField(blank=True, max_length=100, verbose_name='reason')),
                ('amount_minor', models.BigIntegerField(blank=True, null=True, verbose_name='amount')),
                ('currency', models.CharField(blank=True, max_length=3, verbose_name='currency')),
                ('respond_by', models.DateTimeField(blank=True, null=True, verbose_name='answer by')),
                ('check_at', models.DateTimeField(blank=True, null=True, verbose_name='ask the gateway at')),
                ('message', models.TextField(blank=True, verbose_name='message')),
                ('created_at', models.DateTimeField(verbose_name='heard of')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('payment', models.ForeignKey(blank=True, help_text="Empty when the charge is not this shop's, or not yet known to it.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='billing.payment', verbose_name='payment')),
            ],
            options={
                'verbose_name': 'dispute',
                'verbose_name_plural': 'disputes',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='DisputeChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old', models.CharField(max_length=20, verbose_name='from')),
                ('new', models.CharField(max_length=20, verbose_name='to')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='reason')),
                ('actor', models.CharField(blank=True, max_length=254, verbose_name='actor')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='billing.dispute', verbose_name='dispute')),
            ],
            options={
                'verbose_name': 'dispute change',
                'verbose_name_plural': 'dispute changes',
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DisputeMovement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gateway_id', models.CharField(max_length=255, unique=True, verbose_name='gateway balance transaction')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('fee_minor', models.BigIntegerField(default=0, verbose_name='fee')),
                ('fee_currency', models.CharField(max_length=3, verbose_name='currency of the fee')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='billing.dispute', verbose_name='dispute')),
            ],
            options={
                'verbose_name': 'dispute movement',
                'verbose_name_plural': 'dispute movements',
                'ordering': ['pk'],
            },
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(condition=models.Q(('check_at__isnull', False)), fields=['check_at'], name='billing_dispute_to_ask'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['needs_response', 'under_review', 'won', 'lost'])), name='billing_dispute_status'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('status__in', ['won', 'lost'])), models.Q(models.Q(('status__in', ['won', 'lost']), _negated=True), ('closed_at', None)), _connector='OR'), name='billing_dispute_closed_has_date'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor', None), models.Q(('amount_minor__gt', 0), models.Q(('currency', ''), _negated=True)), _connector='OR'), name='billing_dispute_amount_positive'),
        ),
    ]
