"""A stock of which there may be too little for a bundle makes a new edition, however many pieces the bundle takes."""

from django.db import migrations

_SQL = """
CREATE FUNCTION catalog_stock_for_bundles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM catalog_bundlechoice choice JOIN catalog_bundleslot slot ON slot.id = choice.slot_id
        WHERE choice.variant_id = NEW.variant_id
        GROUP BY slot.product_id
        HAVING sum(slot.quantity) > least(OLD.available, NEW.available)
    ) THEN
        UPDATE core_edition SET mark = gen_random_uuid();
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER catalog_stock_for_bundles AFTER UPDATE ON catalog_stock
    FOR EACH ROW WHEN (OLD.available IS DISTINCT FROM NEW.available) EXECUTE FUNCTION catalog_stock_for_bundles();
"""
_BACK = "DROP TRIGGER catalog_stock_for_bundles ON catalog_stock; DROP FUNCTION catalog_stock_for_bundles;"


class Migration(migrations.Migration):
    dependencies = [("catalog", "0009_translations")]

    operations = [migrations.RunSQL(sql=_SQL, reverse_sql=_BACK)]
