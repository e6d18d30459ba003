"""What the database itself refuses: unbalanced postings, edits of documents, spending and refunding too much."""

from django.db import migrations

from apps.core.append_only import protect

APPEND_ONLY = [
    "billing_ledgerentry",
    "billing_creditentry",
    "billing_invoiceline",
    "billing_invoicechange",
    "billing_paymentchange",
    "billing_refundchange",
    "billing_recoverychange",
]

# A posting is one statement: it balances in itself, and its document was not posted before.
LEDGER_BALANCES = """
CREATE FUNCTION billing_ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text;
BEGIN
    SELECT key INTO broken FROM fresh GROUP BY key, currency HAVING sum(amount_minor) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'posting % does not sum to zero', broken USING ERRCODE = 'check_violation';
    END IF;
    SELECT entry.key INTO broken FROM billing_ledgerentry entry
        WHERE entry.key IN (SELECT key FROM fresh) AND NOT EXISTS (SELECT 1 FROM fresh WHERE fresh.id = entry.id)
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'document % is already posted', broken USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_ledgerentry_balances AFTER INSERT ON billing_ledgerentry
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION billing_ledger_balances();
"""

# The account is the sum of its entries; its CHECK (balance >= 0) is what refuses to overspend, also concurrently.
CREDIT_ACCOUNTS = """
CREATE FUNCTION billing_credit_carry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_creditaccount (customer_id, currency, balance_minor)
        SELECT DISTINCT customer_id, currency, 0 FROM fresh ON CONFLICT (customer_id, currency) DO NOTHING;
    UPDATE billing_creditaccount account SET balance_minor = balance_minor + change.total
        FROM (SELECT customer_id, currency, sum(amount_minor) AS total FROM fresh GROUP BY customer_id, currency) change
        WHERE account.customer_id = change.customer_id AND account.currency = change.currency;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_creditentry_carry AFTER INSERT ON billing_creditentry
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION billing_credit_carry();
"""

# The payment row is locked, so that two refunds at once cannot each see the other's money.
REFUND_WITHIN_PAYMENT = """
CREATE FUNCTION billing_refund_within_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid record;
    others bigint;
BEGIN
    IF NEW.status = 'failed' THEN
        RETURN NEW;
    END IF;
    SELECT status, amount_minor, currency INTO paid FROM billing_payment WHERE id = NEW.payment_id FOR UPDATE;
    SELECT coalesce(sum(amount_minor), 0) INTO others FROM billing_refund
        WHERE payment_id = NEW.payment_id AND id <> NEW.id AND status <> 'failed';
    IF paid.status <> 'succeeded' OR paid.currency <> NEW.currency OR others + NEW.amount_minor > paid.amount_minor THEN
        RAISE EXCEPTION 'refund above payment %', NEW.payment_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_refund_within_payment BEFORE INSERT OR UPDATE OF amount_minor, currency, payment_id, status
    ON billing_refund FOR EACH ROW EXECUTE FUNCTION billing_refund_within_payment();
"""

# Documents: all columns but those named may not change, and no row is deleted.
DOCUMENTS = """
CREATE FUNCTION billing_refuse_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '% is kept for ever: DELETE refused', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    IF to_jsonb(NEW) - TG_ARGV <> to_jsonb(OLD) - TG_ARGV THEN
        RAISE EXCEPTION '% is immutable but for %', TG_TABLE_NAME, TG_ARGV USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
MUTABLE_COLUMNS = {
    "billing_invoice": ["status", "paid_at", "voided_at"],
    "billing_payment": [
        "status", "card_id", "surplus", "due_at", "sent_at", "lease_until", "check_at", "gateway_id",
        "decline_code", "decline_hard", "message", "settled_at",
    ],
    "billing_refund": ["status", "gateway_id", "message", "next_try_at", "sent_at", "lease_until", "settled_at"],
    "billing_dunningpolicy": ["is_default"],
}  # fmt: skip


def guard(table: str, columns: list[str]) -> migrations.RunSQL:
    """Make a table of documents immutable but for `columns`."""
    arguments = ", ".join(f"'{column}'" for column in columns)
    return migrations.RunSQL(
        sql=f"""CREATE TRIGGER {table}_immutable BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION billing_refuse_edit({arguments});""",
        reverse_sql=f"DROP TRIGGER {table}_immutable ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_books")]

    operations = [
        *(protect(table) for table in APPEND_ONLY),
        migrations.RunSQL(
            LEDGER_BALANCES,
            "DROP TRIGGER billing_ledgerentry_balances ON billing_ledgerentry; DROP FUNCTION billing_ledger_balances();",
        ),
        migrations.RunSQL(
            CREDIT_ACCOUNTS,
            "DROP TRIGGER billing_creditentry_carry ON billing_creditentry; DROP FUNCTION billing_credit_carry();",
        ),
        migrations.RunSQL(
            REFUND_WITHIN_PAYMENT,
            "DROP TRIGGER billing_refund_within_payment ON billing_refund;"
            " DROP FUNCTION billing_refund_within_payment();",
        ),
        migrations.RunSQL(DOCUMENTS, "DROP FUNCTION billing_refuse_edit();"),
        *(guard(table, columns) for table, columns in MUTABLE_COLUMNS.items()),
    ]
