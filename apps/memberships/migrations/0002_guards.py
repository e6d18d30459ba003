"""What the columns alone cannot say: a price is never edited, a plan is the one of its price, history only grows."""

from django.db import migrations

from apps.core.append_only import protect

PRICE_IS_NEVER_EDITED = """
CREATE FUNCTION memberships_refuse_price_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'closed_at' IS DISTINCT FROM to_jsonb(OLD) - 'closed_at' THEN
        RAISE EXCEPTION 'A price is never edited: add a new version' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER memberships_price_is_never_edited BEFORE UPDATE ON memberships_price
    FOR EACH ROW EXECUTE FUNCTION memberships_refuse_price_edit();
"""
PRICE_CAN_BE_EDITED = """
DROP TRIGGER memberships_price_is_never_edited ON memberships_price;
DROP FUNCTION memberships_refuse_price_edit();
"""

PLAN_IS_THE_ONE_OF_THE_PRICE = """
ALTER TABLE memberships_price ADD CONSTRAINT memberships_price_with_plan UNIQUE (id, plan_id);
ALTER TABLE memberships_subscription ADD CONSTRAINT memberships_plan_of_price
    FOREIGN KEY (price_id, plan_id) REFERENCES memberships_price (id, plan_id);
"""
PLAN_IS_ANY = """
ALTER TABLE memberships_subscription DROP CONSTRAINT memberships_plan_of_price;
ALTER TABLE memberships_price DROP CONSTRAINT memberships_price_with_plan;
"""


class Migration(migrations.Migration):
    dependencies = [("memberships", "0001_memberships")]

    operations = [
        migrations.RunSQL(PRICE_IS_NEVER_EDITED, PRICE_CAN_BE_EDITED),
        migrations.RunSQL(PLAN_IS_THE_ONE_OF_THE_PRICE, PLAN_IS_ANY),
        protect("memberships_history"),
    ]
