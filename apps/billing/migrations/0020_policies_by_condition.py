"""Dunning policies for some invoices only, with a final action of their own, and a cap on tries that the database keeps."""

import django.core.validators
from django.db import migrations, models

# The last line of defence behind `attempts.check`: an attempt that the shop makes by itself is counted against the invoice
# by the policy of its recovery. The first attempt of an invoice never gets here, so issuing invoices pays nothing for it.
TRIES = """
CREATE FUNCTION billing_payment_within_tries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    most integer;
    days integer;
    tries integer;
BEGIN
    SELECT policy.max_tries, policy.tries_within_days INTO most, days
        FROM billing_recovery recovery JOIN billing_dunningpolicy policy ON policy.id = recovery.policy_id
        WHERE recovery.invoice_id = NEW.invoice_id;
    SELECT count(*) INTO tries FROM billing_payment
        WHERE invoice_id = NEW.invoice_id
            AND created_at > NEW.created_at - make_interval(days => coalesce(days, 14))
            AND NOT (status = 'cancelled' AND sent_at IS NULL);
    IF tries >= coalesce(most, 8) THEN
        RAISE EXCEPTION 'invoice % was tried % times', NEW.invoice_id, tries USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_payment_within_tries BEFORE INSERT ON billing_payment
    FOR EACH ROW WHEN (NEW.attempt > 1 AND NOT NEW.on_session AND NEW.status = 'pending')
    EXECUTE FUNCTION billing_payment_within_tries();
"""


def guard(column: str) -> str:
    """The trigger that lets only this column of a policy change."""
    return f"""DROP TRIGGER IF EXISTS billing_dunningpolicy_immutable ON billing_dunningpolicy;
        CREATE TRIGGER billing_dunningpolicy_immutable BEFORE UPDATE OR DELETE ON billing_dunningpolicy
            FOR EACH ROW EXECUTE FUNCTION billing_refuse_edit('{column}');"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0015_account_names")]

    operations = [
        migrations.RunSQL(guard("is_current"), guard("is_default")),
        migrations.RemoveConstraint(model_name="dunningpolicy", name="billing_policy_one_default"),
        # The default was the one policy in force, and now is the one in force without conditions.
        migrations.RenameField(model_name="dunningpolicy", old_name="is_default", new_name="is_current"),
        migrations.AddField(
            model_name='dunningpolicy',
            name='currency',
            field=models.CharField(blank=True, help_text='Such as EUR. Empty: in all currencies.', max_length=3, verbose_name='only in currency'),
        ),
        migrations.AddField(
            model_name='dunningpolicy',
            name='max_tries',
            field=models.PositiveSmallIntegerField(default=8, help_text="Every attempt on the invoice counts, the first and the customer's own too.", validators=[django.core.validators.MinValueValidator(2), django.core.validators.MaxValueValidator(15)], verbose_name='tries at most'),
        ),
        migrations.AddField(
            model_name='dunningpolicy',
            name='minimum_minor',
            field=models.BigIntegerField(default=0, verbose_name='only from this amount on'),
        ),
        migrations.AddField(
            model_name='dunningpolicy',
            name='scope',
            field=models.CharField(blank=True, help_text="The short name of what was sold, such as a plan's (grove). Empty: for everything.", max_length=60, verbose_name='only for'),
        ),
        migrations.AddField(
            model_name='dunningpolicy',
            name='tries_within_days',
            field=models.PositiveSmallIntegerField(default=14, validators=[django.core.validators.MinValueValidator(14), django.core.validators.MaxValueValidator(60)], verbose_name='within days'),
        ),
        migrations.AddField(
            model_name='invoice',
            name='scope',
            field=models.CharField(blank=True, default='', max_length=60, verbose_name='what for'),
        ),
        migrations.AlterField(
            model_name='dunningpolicy',
            name='final_action',
            field=models.CharField(choices=[('end', 'write the invoice off and end the membership'), ('write_off', 'write the invoice off, the membership goes on'), ('leave_open', 'stop and leave it to a person, the invoice stays open')], default='end', help_text='An overdue membership keeps its benefits and is not billed again until nothing is owed.', max_length=20, verbose_name='final action'),
        ),
        migrations.AlterField(
            model_name='dunningpolicy',
            name='is_current',
            field=models.BooleanField(default=False, help_text='It takes the place of the version, and of the policy with the same conditions, in force now.', verbose_name='in force'),
        ),
        migrations.AddConstraint(
            model_name='dunningpolicy',
            constraint=models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('name',), name='billing_policy_one_version', violation_error_message='A policy of this name is in force: open it and change it there.'),
        ),
        migrations.AddConstraint(
            model_name='dunningpolicy',
            constraint=models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('scope', 'currency', 'minimum_minor'), name='billing_policy_one_per_condition'),
        ),
        migrations.AddConstraint(
            model_name='dunningpolicy',
            constraint=models.CheckConstraint(condition=models.Q(('minimum_minor', 0), models.Q(('minimum_minor__gt', 0), models.Q(('currency', ''), _negated=True)), _connector='OR'), name='billing_policy_minimum_has_currency'),
        ),
        migrations.AddConstraint(
            model_name='dunningpolicy',
            constraint=models.CheckConstraint(condition=models.Q(('final_action__in', ['end', 'write_off', 'leave_open'])), name='billing_policy_final_action'),
        ),
        migrations.AddConstraint(
            model_name='dunningpolicy',
            constraint=models.CheckConstraint(condition=models.Q(('max_tries__range', (2, 15)), ('tries_within_days__range', (14, 60))), name='billing_policy_tries'),
        ),
        migrations.RunSQL(
            TRIES,
            "DROP TRIGGER billing_payment_within_tries ON billing_payment;"
            " DROP FUNCTION billing_payment_within_tries();",
        ),
    ]
