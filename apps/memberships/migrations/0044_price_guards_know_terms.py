"""A version of a price has its term too: who chooses a fixed term, or leaves one, has not been moved in silence."""

from django.db import migrations

SILENT_RISE = """
CREATE OR REPLACE FUNCTION memberships_is_silent_rise(subscription bigint, old_price bigint, new_price bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM memberships_price o JOIN memberships_price n
            ON (n.plan_id, n.currency, n.interval_unit, n.interval_count)
             = (o.plan_id, o.currency, o.interval_unit, o.interval_count){same_term}
        WHERE o.id = old_price AND n.id = new_price AND n.amount_minor > o.amount_minor
    ) AND NOT EXISTS (
        SELECT 1 FROM memberships_pricepromise p JOIN memberships_pricechange c ON c.id = p.change_id
        WHERE p.subscription_id = subscription AND p.old_price_id = old_price AND p.new_price_id = new_price
            AND p.answer = 'agreed' AND p.outcome = '' AND c.status = 'planned'
    )
$$;
"""
CHECK_CHANGE = """
CREATE OR REPLACE FUNCTION memberships_check_price_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    progress CONSTANT text[] := ARRAY['status', 'settled_at', 'written_up_to', 'written_at'];
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status <> 'draft' AND to_jsonb(NEW) - progress <> to_jsonb(OLD) - progress THEN
        RAISE EXCEPTION 'A planned price change is not edited: withdraw it' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM memberships_price o JOIN memberships_price n
            ON (n.plan_id, n.currency, n.interval_unit, n.interval_count)
             = (o.plan_id, o.currency, o.interval_unit, o.interval_count){same_term}
        WHERE o.id = NEW.old_price_id AND n.id = NEW.new_price_id
    ) THEN
        RAISE EXCEPTION 'A price changes to another version of itself only' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
SAME_TERM = """
            AND n.term_periods IS NOT DISTINCT FROM o.term_periods"""


class Migration(migrations.Migration):
    dependencies = [("memberships", "0043_checks_hold_for_all")]

    operations = [
        migrations.RunSQL(SILENT_RISE.format(same_term=SAME_TERM), SILENT_RISE.format(same_term="")),
        migrations.RunSQL(CHECK_CHANGE.format(same_term=SAME_TERM), CHECK_CHANGE.format(same_term="")),
    ]
