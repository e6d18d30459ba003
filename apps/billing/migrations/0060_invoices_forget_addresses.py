"""When a customer is erased, the e-mail address goes from their invoices; everything that tax law asks for stays."""

from django.db import migrations

_REFUSE = """
    IF to_jsonb(NEW) - TG_ARGV <> to_jsonb(OLD) - TG_ARGV THEN
        RAISE EXCEPTION '% is immutable but for %', TG_TABLE_NAME, TG_ARGV USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
_BEGIN = """
CREATE OR REPLACE FUNCTION billing_refuse_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '% is kept for ever: DELETE refused', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
"""
_ERASING = """
    IF TG_TABLE_NAME = 'billing_invoice' AND current_setting('orangery.erasing', true) = 'yes' THEN
        IF to_jsonb(NEW) - 'customer_email'::text = to_jsonb(OLD) - 'customer_email'::text THEN
            RETURN NEW;
        END IF;
    END IF;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0036_loss_decisions")]

    operations = [migrations.RunSQL(_BEGIN + _ERASING + _REFUSE, _BEGIN + _REFUSE)]
