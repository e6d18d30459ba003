"""Closed months: their balances, and the trigger that refuses postings dated in them."""

import django.db.models.deletion
from django.db import migrations, models

from apps.core.append_only import protect

# The lock is shared by everybody who posts, and taken alone by whoever closes a month (journal.closing.LOCK): a posting that is
# under way is waited for, and one that comes later sees the month closed.
OPEN_MONTH = """
CREATE FUNCTION billing_ledger_open_month() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(721093);
    SELECT (max(month) + interval '1 month') AT TIME ZONE 'UTC' INTO closed FROM billing_journalmonth;
    IF closed IS NOT NULL AND EXISTS (SELECT 1 FROM fresh WHERE at < closed) THEN
        RAISE EXCEPTION 'the books are closed before %', closed USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_ledgerentry_open_month AFTER INSERT ON billing_ledgerentry
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION billing_ledger_open_month();
"""

# Their rows cannot go one by one (billing_refuse_edit); nor all at once.
NEVER_EMPTIED = [
    "billing_invoice",
    "billing_payment",
    "billing_refund",
    "billing_dunningpolicy",
    "billing_revenueschedule",
    "billing_dispute",
]


def never_empty(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"""CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();""",
        f"DROP TRIGGER {table}_no_truncate ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0030_revenue_schedules")]

    operations = [
        migrations.CreateModel(
            name='JournalMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(unique=True, verbose_name='month')),
                ('closed_at', models.DateTimeField(verbose_name='closed')),
                ('closed_by', models.CharField(max_length=254, verbose_name='closed by')),
                ('digest', models.CharField(max_length=64, verbose_name='SHA-256 of the journal')),
            ],
            options={
                'verbose_name': 'closed month',
                'verbose_name_plural': 'closed months',
                'ordering': ['-month'],
            },
        ),
        migrations.CreateModel(
            name='JournalBalance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.CharField(max_length=30, verbose_name='account')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('documents', models.PositiveBigIntegerField(verbose_name='documents')),
                ('opening_minor', models.BigIntegerField(verbose_name='opening balance')),
                ('debit_minor', models.BigIntegerField(verbose_name='debit')),
                ('credit_minor', models.BigIntegerField(verbose_name='credit')),
                ('closing_minor', models.BigIntegerField(verbose_name='closing balance')),
                ('month', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='balances', to='billing.journalmonth', verbose_name='month')),
            ],
            options={
                'verbose_name': 'balance of a closed month',
                'verbose_name_plural': 'balances of closed months',
                'ordering': ['month', 'currency', 'account'],
            },
        ),
        migrations.AddConstraint(
            model_name='journalmonth',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='billing_journal_month_is_first_day'),
        ),
        migrations.AddConstraint(
            model_name='journalbalance',
            constraint=models.UniqueConstraint(fields=('month', 'account', 'currency'), name='billing_journal_account_once'),
        ),
        migrations.AddConstraint(
            model_name='journalbalance',
            constraint=models.CheckConstraint(condition=models.Q(('closing_minor', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('opening_minor'), '+', models.F('debit_minor')), '-', models.F('credit_minor')))), name='billing_journal_balance_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='journalbalance',
            constraint=models.CheckConstraint(condition=models.Q(('credit_minor__gte', 0), ('debit_minor__gte', 0)), name='billing_journal_sides_not_negative'),
        ),
        protect("billing_journalmonth"),
        protect("billing_journalbalance"),
        migrations.RunSQL(
            OPEN_MONTH,
            "DROP TRIGGER billing_ledgerentry_open_month ON billing_ledgerentry;"
            " DROP FUNCTION billing_ledger_open_month();",
        ),
        *(never_empty(table) for table in NEVER_EMPTIED),
    ]
