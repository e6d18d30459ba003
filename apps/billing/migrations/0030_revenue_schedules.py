"""Deferred revenue by line: the schedules, what the database refuses about them, and those of the lines there are."""

import django.db.models.deletion
from django.db import migrations, models

# A share of an amount, rounded half away from zero, exact for any size: `rules.share_of` in SQL. `whole` is positive.
SHARE = """
CREATE FUNCTION billing_share(amount bigint, part numeric, whole numeric) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (sign(amount * part) * div(2 * abs(amount * part) + whole, 2 * whole))::bigint;
"""

IMMUTABLE = """
CREATE TRIGGER billing_revenueschedule_immutable BEFORE UPDATE OR DELETE ON billing_revenueschedule
    FOR EACH ROW EXECUTE FUNCTION
    billing_refuse_edit('recognised_minor', 'released_minor', 'since', 'until', 'next_at');
"""

# All lines of services; nothing is left of an invoice that was withdrawn. What credit notes have taken from deferred revenue, and refunds when there
# were no notes yet, is taken from the invoice's lines in proportion; months that are over are recognised by the sweep.
FILL = """
WITH lines AS (
    SELECT line.id, line.invoice_id, line.net_minor, line.period_start, line.period_end, invoice.status,
        sum(line.net_minor) OVER (PARTITION BY line.invoice_id) AS whole,
        sum(line.net_minor) OVER (PARTITION BY line.invoice_id ORDER BY line.id) AS upto
    FROM billing_invoiceline line JOIN billing_invoice invoice ON invoice.id = line.invoice_id
    WHERE line.period_start IS NOT NULL AND line.net_minor <> 0
), documents AS (
    SELECT invoice_id, 'credit-note:' || id AS key FROM billing_creditnote
    UNION ALL
    SELECT payment.invoice_id, kind || refund.id
    FROM billing_refund refund
    JOIN billing_payment payment ON payment.id = refund.payment_id
    CROSS JOIN unnest(ARRAY['refund:', 'refund-failed:']) AS kind
), taken AS (
    SELECT invoice_id, sum(entry.amount_minor)::bigint AS minor
    FROM documents JOIN billing_ledgerentry entry ON entry.key = documents.key AND entry.account = 'revenue_deferred'
    GROUP BY invoice_id
), shares AS (
    SELECT lines.*, CASE WHEN status = 'void' THEN net_minor WHEN coalesce(taken.minor, 0) = 0 OR whole <= 0 THEN 0 ELSE
        billing_share(taken.minor, upto, whole) - billing_share(taken.minor, upto - net_minor, whole) END AS released
    FROM lines LEFT JOIN taken ON taken.invoice_id = lines.invoice_id
)
INSERT INTO billing_revenueschedule
    (line_id, invoice_id, deferred_minor, recognised_minor, released_minor, since, until, next_at)
SELECT id, invoice_id, net_minor, 0, released, period_start, period_end,
    CASE WHEN released <> net_minor THEN
        (date_trunc('month', period_start AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC' END
FROM shares;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0023_card_expiry")]

    operations = [
        migrations.CreateModel(
            name='RevenueSchedule',
            fields=[
                ('line', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='schedule', serialize=False, to='billing.invoiceline', verbose_name='line')),
                ('deferred_minor', models.BigIntegerField(verbose_name='deferred at issue')),
                ('recognised_minor', models.BigIntegerField(default=0, verbose_name='recognised')),
                ('released_minor', models.BigIntegerField(default=0, verbose_name='taken back')),
                ('since', models.DateTimeField(verbose_name='recognised up to')),
                ('until', models.DateTimeField(verbose_name='end of service')),
                ('next_at', models.DateTimeField(blank=True, null=True, verbose_name='next part due')),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='schedules', to='billing.invoice', verbose_name='invoice')),
            ],
            options={
                'verbose_name': 'revenue schedule',
                'verbose_name_plural': 'revenue schedules',
                'ordering': ['-line'],
            },
        ),
        migrations.AddIndex(
            model_name='revenueschedule',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at', 'line'], name='billing_revenue_due'),
        ),
        migrations.AddConstraint(
            model_name='revenueschedule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('deferred_minor', django.db.models.expressions.CombinedExpression(models.F('recognised_minor'), '+', models.F('released_minor'))), ('next_at', None)), models.Q(('next_at__isnull', False), models.Q(('deferred_minor', django.db.models.expressions.CombinedExpression(models.F('recognised_minor'), '+', models.F('released_minor'))), _negated=True)), _connector='OR'), name='billing_revenue_left_has_date'),
        ),
        migrations.RunSQL(SHARE, "DROP FUNCTION billing_share(bigint, numeric, numeric);"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(IMMUTABLE, "DROP TRIGGER billing_revenueschedule_immutable ON billing_revenueschedule;"),
    ]
