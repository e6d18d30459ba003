"""What a change of plan gave back of an earlier invoice is known to the database, which refuses to refund it again."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

from apps.core.append_only import protect

# The earlier invoices are locked, so that a change of plan and a refund at once cannot each see the other's money. A
# row by which a credit note takes the giving back only frees money, and waits for nobody.
GIVEN_BACK_WITHIN_LINE = """
CREATE FUNCTION billing_given_back_within_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken bigint;
BEGIN
    PERFORM 1 FROM billing_invoice WHERE id IN (
        SELECT line.invoice_id FROM fresh JOIN billing_invoiceline line ON line.id = fresh.of_id
        WHERE fresh.credit_note_id IS NULL
    ) ORDER BY id FOR UPDATE;
    SELECT fresh.of_id INTO broken FROM fresh
        JOIN billing_invoiceline source ON source.id = fresh.of_id
        JOIN billing_invoice earlier ON earlier.id = source.invoice_id
        JOIN billing_invoiceline giver ON giver.id = fresh.by_id
        JOIN billing_invoice later ON later.id = giver.invoice_id
        WHERE earlier.customer_id <> later.customer_id OR earlier.currency <> later.currency
            OR earlier.id = later.id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'line % is of another customer or currency', broken USING ERRCODE = 'check_violation';
    END IF;
    SELECT line.id INTO broken FROM billing_invoiceline line
        WHERE line.id IN (SELECT of_id FROM fresh) AND
            (SELECT coalesce(sum(amount_minor), 0) FROM billing_creditnoteline WHERE line_id = line.id)
            + (SELECT coalesce(sum(amount_minor), 0) FROM billing_givenback WHERE of_id = line.id)
            NOT BETWEEN least(line.amount_minor, 0) AND greatest(line.amount_minor, 0)
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'more given back than is left of invoice line %', broken USING ERRCODE = 'check_violation';
    END IF;
    SELECT line.id INTO broken FROM billing_invoiceline line
        WHERE line.id IN (SELECT by_id FROM fresh) AND
            line.amount_minor - (SELECT coalesce(sum(amount_minor), 0) FROM billing_creditnoteline WHERE line_id = line.id)
            + (SELECT coalesce(sum(amount_minor), 0) FROM billing_givenback WHERE by_id = line.id) <> 0
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'what line % gives back does not add up to it', broken USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_givenback_within_line AFTER INSERT ON billing_givenback
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION billing_given_back_within_line();
"""

WITHIN_INVOICE = """
CREATE OR REPLACE FUNCTION billing_credit_within_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sold record;
    others bigint;
    given bigint;
BEGIN
    SELECT total_minor, currency, customer_id INTO sold FROM billing_invoice WHERE id = NEW.invoice_id FOR UPDATE;
    SELECT coalesce(sum(total_minor), 0) INTO others FROM billing_creditnote WHERE invoice_id = NEW.invoice_id;
    SELECT coalesce(sum(part.amount_minor), 0) INTO given FROM billing_givenback part
        JOIN billing_invoiceline line ON line.id = part.of_id WHERE line.invoice_id = NEW.invoice_id;
    IF sold.currency <> NEW.currency OR sold.customer_id <> NEW.customer_id
            OR others + given + NEW.total_minor > sold.total_minor THEN
        RAISE EXCEPTION 'credit above invoice %', NEW.invoice_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""

LINES_ADD_UP = """
CREATE OR REPLACE FUNCTION billing_credit_lines_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
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
    SELECT line.id INTO broken FROM billing_invoiceline line
        WHERE line.id IN (SELECT line_id FROM fresh) AND
            (SELECT coalesce(sum(amount_minor), 0) FROM billing_creditnoteline WHERE line_id = line.id)
            + (SELECT coalesce(sum(amount_minor), 0) FROM billing_givenback WHERE of_id = line.id)
            NOT BETWEEN least(line.amount_minor, 0) AND greatest(line.amount_minor, 0)
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'credit above invoice line %', broken USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""


guards = import_module("apps.billing.migrations.0011_credit_note_guards")


def as_before(created: str) -> str:
    """The function that an earlier migration made together with its trigger, in place of the present one."""
    return created.split("CREATE TRIGGER")[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("billing", "0032_ledger_at_scale")]

    operations = [
        migrations.CreateModel(
            name="GivenBack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                ("tax_minor", models.BigIntegerField(verbose_name="tax")),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="gives_back", to="billing.invoiceline", verbose_name="given back by")),
                ("of", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="given_back", to="billing.invoiceline", verbose_name="part of")),
                ("credit_note", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="taken_again", to="billing.creditnote", verbose_name="taken again by")),
            ],
            options={"verbose_name": "part given back", "verbose_name_plural": "parts given back", "ordering": ["pk"]},
        ),
        migrations.AddConstraint(
            model_name="givenback",
            constraint=models.UniqueConstraint(fields=("by", "of", "credit_note"), name="billing_given_back_once", nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name="givenback",
            constraint=models.CheckConstraint(condition=models.Q(("amount_minor", 0), _negated=True), name="billing_given_back_something"),
        ),
        protect("billing_givenback"),
        migrations.RunSQL(
            GIVEN_BACK_WITHIN_LINE,
            "DROP TRIGGER billing_givenback_within_line ON billing_givenback;"
            " DROP FUNCTION billing_given_back_within_line();",
        ),
        migrations.RunSQL(WITHIN_INVOICE, as_before(guards.WITHIN_INVOICE)),
        migrations.RunSQL(LINES_ADD_UP, as_before(guards.LINES_ADD_UP)),
    ]
