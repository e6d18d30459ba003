"""Credit notes with a series of their own, and the note that each refund belongs to."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


def open_series(apps, schema_editor):
    apps.get_model("billing", "InvoiceSeries").objects.create(code="credit", prefix="ORC-")


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0008_validate_tax_treatment'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CreditNoteLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('description', models.CharField(max_length=300, verbose_name='description')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('net_minor', models.BigIntegerField(verbose_name='net')),
                ('tax_minor', models.BigIntegerField(verbose_name='tax')),
                ('tax_basis_points', models.PositiveIntegerField(verbose_name='tax rate, basis points')),
                ('period_start', models.DateTimeField(blank=True, null=True, verbose_name='period start')),
                ('period_end', models.DateTimeField(blank=True, null=True, verbose_name='period end')),
            ],
            options={
                'verbose_name': 'credit note line',
                'verbose_name_plural': 'credit note lines',
                'ordering': ['credit_note', 'position'],
            },
        ),
        migrations.CreateModel(
            name='CreditNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=250, unique=True, verbose_name='key')),
                ('serial', models.PositiveBigIntegerField(verbose_name='serial')),
                ('number', models.CharField(max_length=40, unique=True, verbose_name='number')),
                ('settlement', models.CharField(choices=[('card', 'back to the card'), ('credit', "to the customer's credit"), ('open', 'against what was still owed')], max_length=20, verbose_name='settled')),
                ('reason', models.CharField(max_length=300, verbose_name='reason')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('total_minor', models.BigIntegerField(verbose_name='total')),
                ('tax_minor', models.BigIntegerField(verbose_name='tax')),
                ('seller_details', models.JSONField(blank=True, default=dict, verbose_name='seller, as printed')),
                ('issued_at', models.DateTimeField(verbose_name='issued')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credit_notes', to=settings.AUTH_USER_MODEL, verbose_name='customer')),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credit_notes', to='billing.invoice', verbose_name='invoice')),
                ('series', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.invoiceseries', verbose_name='series')),
            ],
            options={
                'verbose_name': 'credit note',
                'verbose_name_plural': 'credit notes',
                'ordering': ['-issued_at', '-pk'],
            },
        ),
        migrations.AddField(
            model_name='refund',
            name='credit_note',
            field=models.ForeignKey(blank=True, help_text='Empty for surplus money: nothing was sold for it, so there is nothing to correct.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='billing.creditnote', verbose_name='credit note'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'failed'), _negated=True), fields=('credit_note',), name='billing_refund_one_for_a_note'),
        ),
        migrations.AddField(
            model_name='creditnoteline',
            name='credit_note',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='billing.creditnote', verbose_name='credit note'),
        ),
        migrations.AddField(
            model_name='creditnoteline',
            name='line',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='billing.invoiceline', verbose_name='invoice line'),
        ),
        migrations.AddIndex(
            model_name='creditnote',
            index=models.Index(fields=['customer', '-issued_at'], name='billing_credit_note_of'),
        ),
        migrations.AddIndex(
            model_name='creditnote',
            index=models.Index(fields=['issued_at'], name='billing_credit_note_by_date'),
        ),
        migrations.AddConstraint(
            model_name='creditnote',
            constraint=models.UniqueConstraint(fields=('series', 'serial'), name='billing_credit_note_serial_once'),
        ),
        migrations.AddConstraint(
            model_name='creditnote',
            constraint=models.CheckConstraint(condition=models.Q(('settlement__in', ['card', 'credit', 'open'])), name='billing_credit_note_settlement'),
        ),
        migrations.AddConstraint(
            model_name='creditnote',
            constraint=models.CheckConstraint(condition=models.Q(('total_minor__gt', 0)), name='billing_credit_note_total_positive'),
        ),
        migrations.AddConstraint(
            model_name='creditnoteline',
            constraint=models.UniqueConstraint(fields=('credit_note', 'position'), name='billing_credit_line_position_once'),
        ),
        migrations.AddConstraint(
            model_name='creditnoteline',
            constraint=models.UniqueConstraint(fields=('credit_note', 'line'), name='billing_credit_line_once'),
        ),
        migrations.AddConstraint(
            model_name='creditnoteline',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor', django.db.models.expressions.CombinedExpression(models.F('net_minor'), '+', models.F('tax_minor')))), name='billing_credit_line_adds_up'),
        ),
        migrations.RunPython(open_series, migrations.RunPython.noop),
    ]
