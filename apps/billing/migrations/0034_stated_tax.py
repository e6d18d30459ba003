"""Exchange rates by day, and the tax of documents in the seller's currency of account, which is added beside them."""

import django.db.models.deletion
from django.db import migrations, models

from apps.core.append_only import protect

# What is stated names the day of its rate, so that rate has to stay what it was.
USED_RATE_STAYS = """
CREATE FUNCTION billing_exchange_rate_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM billing_statedtax WHERE rate_day = OLD.day AND OLD.currency IN (of_currency, currency)) THEN
        RAISE EXCEPTION 'the rate of % on % is on documents: % refused', OLD.currency, OLD.day, TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_exchangerate_stays BEFORE UPDATE OR DELETE ON billing_exchangerate
    FOR EACH ROW EXECUTE FUNCTION billing_exchange_rate_stays();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0033_given_back'),
    ]

    operations = [
        migrations.AddField(
            model_name='seller',
            name='tax_currency',
            field=models.CharField(db_default='EUR', default='EUR', help_text='VAT of documents in another currency is stated in this one too.', max_length=3, verbose_name='currency of tax returns'),
        ),
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(help_text='Such as USD.', max_length=3, verbose_name='currency')),
                ('day', models.DateField(verbose_name='day')),
                ('per_euro', models.DecimalField(decimal_places=6, max_digits=16, verbose_name='for one euro')),
            ],
            options={
                'verbose_name': 'exchange rate',
                'verbose_name_plural': 'exchange rates',
                'ordering': ['-day', 'currency'],
                'constraints': [models.UniqueConstraint(fields=('currency', 'day'), name='billing_exchange_one_rate_a_day'), models.CheckConstraint(condition=models.Q(('per_euro__gt', 0)), name='billing_exchange_rate_positive'), models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$'), models.Q(('currency', 'EUR'), _negated=True)), name='billing_exchange_currency')],
            },
        ),
        migrations.CreateModel(
            name='StatedTax',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('tax_minor', models.BigIntegerField(verbose_name='tax')),
                ('rate_day', models.DateField(verbose_name='rate of')),
                ('of_currency', models.CharField(max_length=3, verbose_name='currency of the document')),
                ('of_per_euro', models.DecimalField(decimal_places=6, max_digits=16, verbose_name="of the document's currency for one euro")),
                ('per_euro', models.DecimalField(decimal_places=6, max_digits=16, verbose_name='of this currency for one euro')),
                ('stated_at', models.DateTimeField(verbose_name='stated')),
                ('credit_note', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stated_tax', to='billing.creditnote', verbose_name='credit note')),
                ('invoice', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stated_tax', to='billing.invoice', verbose_name='invoice')),
            ],
            options={
                'verbose_name': "VAT in the seller's currency",
                'verbose_name_plural': "VAT in the seller's currency",
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['rate_day'], name='billing_stated_tax_by_day')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('credit_note__isnull', False), ('invoice', None)), models.Q(('credit_note', None), ('invoice__isnull', False)), _connector='OR'), name='billing_stated_tax_of_one_document'), models.CheckConstraint(condition=models.Q(('of_per_euro__gt', 0), ('per_euro__gt', 0), models.Q(('currency', models.F('of_currency')), _negated=True)), name='billing_stated_tax_by_a_rate')],
            },
        ),
        protect("billing_statedtax"),
        migrations.RunSQL(
            USED_RATE_STAYS,
            "DROP TRIGGER billing_exchangerate_stays ON billing_exchangerate;"
            " DROP FUNCTION billing_exchange_rate_stays();",
        ),
    ]
