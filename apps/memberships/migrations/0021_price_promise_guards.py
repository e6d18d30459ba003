"""No price rises in silence, planned terms are not edited, and renewals to come are counted where the rows are."""

from django.db import migrations

from apps.core.append_only import protect

# Says whether a step from one price to another of the same plan, currency and interval is a rise that the member has
# not agreed to. The WHEN of the trigger keeps it away from the ordinary renewal, which changes neither column.
NO_SILENT_RISE = """
CREATE FUNCTION memberships_is_silent_rise(subscription bigint, old_price bigint, new_price bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM memberships_price o JOIN memberships_price n
            ON (n.plan_id, n.currency, n.interval_unit, n.interval_count)
             = (o.plan_id, o.currency, o.interval_unit, o.interval_count)
        WHERE o.id = old_price AND n.id = new_price AND n.amount_minor > o.amount_minor
    ) AND NOT EXISTS (
        SELECT 1 FROM memberships_pricepromise p JOIN memberships_pricechange c ON c.id = p.change_id
        WHERE p.subscription_id = subscription AND p.old_price_id = old_price AND p.new_price_id = new_price
            AND p.answer = 'agreed' AND p.outcome = '' AND c.status = 'planned'
    )
$$;
CREATE FUNCTION memberships_refuse_silent_rise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.price_id <> OLD.price_id AND memberships_is_silent_rise(NEW.id, OLD.price_id, NEW.price_id)
        OR memberships_is_silent_rise(NEW.id, NEW.price_id, NEW.pending_price_id) THEN
        RAISE EXCEPTION 'Subscription %: a price does not rise without consent', NEW.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER memberships_no_silent_rise BEFORE UPDATE OF price_id, pending_price_id ON memberships_subscription
    FOR EACH ROW WHEN (
        NEW.price_id <> OLD.price_id
        OR (NEW.pending_price_id IS NOT NULL AND NEW.pending_price_id IS DISTINCT FROM OLD.pending_price_id)
    ) EXECUTE FUNCTION memberships_refuse_silent_rise();
"""
SILENT_RISE = """
DROP TRIGGER memberships_no_silent_rise ON memberships_subscription;
DROP FUNCTION memberships_refuse_silent_rise();
DROP FUNCTION memberships_is_silent_rise(bigint, bigint, bigint);
"""

TERMS_ARE_FIXED = """
CREATE FUNCTION memberships_check_price_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    progress CONSTANT text[] := ARRAY['status', 'settled_at', 'written_up_to', 'written_at'];
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status <> 'draft' AND to_jsonb(NEW) - progress <> to_jsonb(OLD) - progress THEN
        RAISE EXCEPTION 'A planned price change is not edited: withdraw it' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM memberships_price o JOIN memberships_price n
            ON (n.plan_id, n.currency, n.interval_unit, n.interval_count)
             = (o.plan_id, o.currency, o.interval_unit, o.interval_count)
        WHERE o.id = NEW.old_price_id AND n.id = NEW.new_price_id
    ) THEN
        RAISE EXCEPTION 'A price changes to another version of itself only' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER memberships_price_change_terms BEFORE INSERT OR UPDATE ON memberships_pricechange
    FOR EACH ROW EXECUTE FUNCTION memberships_check_price_change();

CREATE FUNCTION memberships_check_price_promise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.outcome <> '' OR (NEW.change_id, NEW.subscription_id, NEW.old_price_id, NEW.new_price_id, NEW.rise_minor)
        <> (OLD.change_id, OLD.subscription_id, OLD.old_price_id, OLD.new_price_id, OLD.rise_minor) THEN
        RAISE EXCEPTION 'What was promised is not edited' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER memberships_price_promise_terms BEFORE UPDATE ON memberships_pricepromise
    FOR EACH ROW EXECUTE FUNCTION memberships_check_price_promise();
"""
TERMS_ARE_ANY = """
DROP TRIGGER memberships_price_promise_terms ON memberships_pricepromise;
DROP FUNCTION memberships_check_price_promise();
DROP TRIGGER memberships_price_change_terms ON memberships_pricechange;
DROP FUNCTION memberships_check_price_change();
"""

# The same calendar as apps.core.periods, which tests compare it with: counted from the anchor on the clock of the
# member's zone. A wall-clock time that comes twice is the first of the two, as in Python; PostgreSQL takes the second.
# PL/pgSQL keeps its plans: nested SQL functions took ten times as long for each row.
CALENDAR = """
CREATE FUNCTION memberships_boundary(anchor timestamptz, number integer, unit text, every integer, zone text)
RETURNS timestamptz LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    wall timestamp := (anchor AT TIME ZONE zone) + number * every * CASE unit
        WHEN 'week' THEN interval '7 days' WHEN 'month' THEN interval '1 month' ELSE interval '1 year'
    END;
    late timestamptz := wall AT TIME ZONE zone;
    eve timestamptz := late - interval '24 hours';
    early timestamptz := late;
BEGIN
    IF (eve AT TIME ZONE zone) + interval '24 hours' <> wall THEN
        -- The clocks change within the day before: is there an earlier instant at which they show the same?
        early := (wall - ((eve AT TIME ZONE zone) - (eve AT TIME ZONE 'UTC'))) AT TIME ZONE 'UTC';
    END IF;
    RETURN CASE WHEN early AT TIME ZONE zone = wall THEN early ELSE late END;
END $$;
CREATE FUNCTION memberships_renewal_from(
    next_bill_at timestamptz, period_number integer, anchor timestamptz, unit text, every integer, zone text,
    target timestamptz
) RETURNS timestamptz LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    a timestamp;
    t timestamp;
    number integer;
    found timestamptz;
BEGIN
    IF next_bill_at >= target THEN
        RETURN next_bill_at;
    END IF;
    a := anchor AT TIME ZONE zone;
    t := target AT TIME ZONE zone;
    number := greatest(period_number + 2, CASE unit
        WHEN 'week' THEN (t::date - a::date) / (7 * every)
        ELSE (12 * (extract(year FROM t) - extract(year FROM a)) + extract(month FROM t) - extract(month FROM a))::integer
            / (every * CASE unit WHEN 'month' THEN 1 ELSE 12 END)
    END);
    found := memberships_boundary(anchor, number, unit, every, zone);
    IF found < target THEN
        found := memberships_boundary(anchor, number + 1, unit, every, zone);
    END IF;
    RETURN found;
END $$;
"""
NO_CALENDAR = """
DROP FUNCTION memberships_renewal_from(timestamptz, integer, timestamptz, text, integer, text, timestamptz);
DROP FUNCTION memberships_boundary(timestamptz, integer, text, integer, text);
"""


class Migration(migrations.Migration):
    dependencies = [("memberships", "0020_price_promises")]

    operations = [
        migrations.RunSQL(NO_SILENT_RISE, SILENT_RISE),
        migrations.RunSQL(TERMS_ARE_FIXED, TERMS_ARE_ANY),
        migrations.RunSQL(CALENDAR, NO_CALENDAR),
        protect("memberships_pricechangeentry"),
        protect("memberships_promisenotice"),
    ]
