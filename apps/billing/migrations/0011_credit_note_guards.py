"""What the database itself refuses of credit notes: edits, and more than was invoiced, in sum and line by line."""

from django.db import migrations

from apps.core.append_only import protect

# The invoice row is locked, so that two notes at once cannot each see the other's money.
WITHIN_INVOICE = """
CREATE FUNCTION billing_credit_within_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sold record;
    others bigint;
BEGIN
    SELECT total_minor, currency, customer_id INTO sold FROM billing_invoice WHERE id = NEW.invoice_id FOR UPDATE;
    SELECT coalesce(sum(total_minor), 0) INTO others FROM billing_creditnote WHERE invoice_id = NEW.invoice_id;
    IF sold.currency <> NEW.currency OR sold.customer_id <> NEW.customer_id
            OR others + NEW.total_minor > sold.total_minor THEN
        RAISE EXCEPTION 'credit above invoice %', NEW.invoice_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_creditnote_within_invoice BEFORE INSERT ON billing_creditnote
    FOR EACH ROW EXECUTE FUNCTION billing_credit_within_invoice();
"""

# The lines of a note are one statement: they add up to it, and take no more of a line of the invoice than there is.
LINES_ADD_UP = """
CREATE FUNCTION billing_credit_lines_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken bigint;
BEGIN
    SELECT note.id INTO broken FROM billing_creditnote note JOIN billing_creditnoteline part
            ON part.credit_note_id = note.id
        WHERE note.id IN (SELECT credit_note_id FROM fresh)
        GROUP BY note.id HAVING sum(part.amount_minor) <> note.total_minor OR sum(part.tax_minor) <> note.tax_minor
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the lines of credit note % do not add up to it', broken USING ERRCODE = 'check_violation';
    END IF;
    SELECT fresh.line_id INTO broken FROM fresh JOIN billing_creditnote note ON note.id = fresh.credit_note_id
            JOIN billing_invoiceline line ON line.id = fresh.line_id
        WHERE line.invoice_id <> note.invoice_id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'line % is of another invoice', broken USING ERRCODE = 'check_violation';
    END IF;
    SELECT line.id INTO broken FROM billing_invoiceline line JOIN billing_creditnoteline part ON part.line_id = line.id
        WHERE line.id IN (SELECT line_id FROM fresh)
        GROUP BY line.id
        HAVING sum(part.amount_minor) NOT BETWEEN least(line.amount_minor, 0) AND greatest(line.amount_minor, 0)
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'credit above invoice line %', broken USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_creditnoteline_add_up AFTER INSERT ON billing_creditnoteline
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION billing_credit_lines_add_up();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_credit_notes")]

    operations = [
        protect("billing_creditnote"),
        protect("billing_creditnoteline"),
        migrations.RunSQL(
            WITHIN_INVOICE,
            "DROP TRIGGER billing_creditnote_within_invoice ON billing_creditnote;"
            " DROP FUNCTION billing_credit_within_invoice();",
        ),
        migrations.RunSQL(
            LINES_ADD_UP,
            "DROP TRIGGER billing_creditnoteline_add_up ON billing_creditnoteline;"
            " DROP FUNCTION billing_credit_lines_add_up();",
        ),
    ]
