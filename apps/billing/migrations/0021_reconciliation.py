"""The comparison with the gateway's books, and what differs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.core.append_only import protect

from apps.core.tables import Together


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0020_policies_by_condition'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together([
        migrations.CreateModel(
            name='Break',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=400, verbose_name='key')),
                ('subject', models.CharField(choices=[('charge', 'charge'), ('refund', 'refund'), ('dispute', 'dispute'), ('cash', 'ledger')], max_length=10, verbose_name='about')),
                ('kind', models.CharField(choices=[('missing_here', 'missing in the shop'), ('missing_there', 'missing at the gateway'), ('amount', 'the amount differs'), ('currency', 'the currency differs'), ('status', 'the status differs'), ('double_charge', 'charged twice')], max_length=20, verbose_name='kind')),
                ('ref', models.CharField(max_length=255, verbose_name='reference at the gateway')),
                ('here', models.CharField(max_length=100, verbose_name='in the shop')),
                ('there', models.CharField(max_length=100, verbose_name='at the gateway')),
                ('fix', models.CharField(choices=[('settle', "settle the payment by the gateway's word"), ('adopt', 'take the charge into the books; what nobody owes goes back'), ('adopt_refund', 'write the refund into the books'), ('ask', 'ask the gateway again, and close there what is over here'), ('park', 'put the dispute before a person'), ('look', 'look into it at the gateway, then correct the books by hand')], default='look', max_length=20, verbose_name='suggested step')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('status', models.CharField(choices=[('open', 'open'), ('resolved', 'resolved'), ('ignored', 'ignored')], default='open', max_length=10, verbose_name='status')),
                ('found_at', models.DateTimeField(verbose_name='found')),
                ('seen_at', models.DateTimeField(verbose_name='last seen')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('closed_by', models.CharField(blank=True, max_length=254, verbose_name='closed by')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
            ],
            options={
                'verbose_name': 'break',
                'verbose_name_plural': 'breaks',
                'ordering': ['-found_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='BreakChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old', models.CharField(max_length=20, verbose_name='from')),
                ('new', models.CharField(max_length=20, verbose_name='to')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='reason')),
                ('actor', models.CharField(blank=True, max_length=254, verbose_name='actor')),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'break change',
                'verbose_name_plural': 'break changes',
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Reconciliation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phase', models.CharField(choices=[('charges', "the gateway's charges"), ('refunds', "the gateway's refunds"), ('disputes', "the gateway's disputes"), ('own_payments', 'our payments'), ('own_refunds', 'our refunds'), ('cash', 'the ledger'), ('old_breaks', 'what differed before'), ('done', 'done')], default='charges', max_length=20, verbose_name='at')),
                ('cursor', models.CharField(blank=True, max_length=255, verbose_name='cursor')),
                ('since', models.DateTimeField(verbose_name='from')),
                ('until', models.DateTimeField(verbose_name='until')),
                ('compared', models.PositiveIntegerField(default=0, verbose_name='compared')),
                ('found', models.PositiveIntegerField(default=0, verbose_name='differences')),
                ('started_at', models.DateTimeField(verbose_name='started')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
            ],
            options={
                'verbose_name': 'reconciliation',
                'verbose_name_plural': 'reconciliations',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Sighting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(max_length=255)),
            ],
            options={
                'verbose_name': 'sighting',
                'verbose_name_plural': 'sightings',
            },
        ),
        migrations.AddField(
            model_name='break',
            name='customer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='customer'),
        ),
        migrations.AddField(
            model_name='break',
            name='invoice',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.invoice', verbose_name='invoice'),
        ),
        migrations.AddField(
            model_name='break',
            name='payment',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='breaks', to='billing.payment', verbose_name='payment'),
        ),
        migrations.AddField(
            model_name='break',
            name='refund',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='breaks', to='billing.refund', verbose_name='refund'),
        ),
        migrations.AddField(
            model_name='breakchange',
            name='found',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='billing.break', verbose_name='break'),
        ),
        migrations.AddConstraint(
            model_name='reconciliation',
            constraint=models.UniqueConstraint(condition=models.Q(('finished_at__isnull', True)), fields=('finished_at',), name='billing_reconciliation_one_at_a_time', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='reconciliation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('phase', 'done')), models.Q(models.Q(('phase', 'done'), _negated=True), ('finished_at', None)), _connector='OR'), name='billing_reconciliation_done_has_date'),
        ),
        migrations.AddField(
            model_name='sighting',
            name='reconciliation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sightings', to='billing.reconciliation'),
        ),
        migrations.AddIndex(
            model_name='break',
            index=models.Index(condition=models.Q(('status', 'open')), fields=['found_at', 'id'], name='billing_break_open'),
        ),
        migrations.AddConstraint(
            model_name='break',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['open', 'ignored'])), fields=('key',), name='billing_break_stands_once'),
        ),
        migrations.AddConstraint(
            model_name='break',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('status', 'open')), models.Q(('closed_at__isnull', False), ('status__in', ['resolved', 'ignored'])), _connector='OR'), name='billing_break_closed_has_date'),
        ),
        migrations.AddConstraint(
            model_name='sighting',
            constraint=models.UniqueConstraint(fields=('reconciliation', 'ref'), name='billing_sighting_once'),
        ),
        protect("billing_breakchange"),
        ]),
    ]
