"""A ledger of millions: the index by which a month is found, built while the shop goes on writing, and a check of a
posting that takes as long as the posting, not as its square."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

# Entries of a document are counted rather than told apart from the fresh ones: PostgreSQL keeps the plan it made for
# the session's first posting, and comparing each entry with each fresh one is only quick for a few.
LEDGER_BALANCES = """
CREATE OR REPLACE FUNCTION billing_ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text;
BEGIN
    SELECT key INTO broken FROM fresh GROUP BY key, currency HAVING sum(amount_minor) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'posting % does not sum to zero', broken USING ERRCODE = 'check_violation';
    END IF;
    SELECT posting.key INTO broken
        FROM (SELECT key, count(*) AS entries FROM fresh GROUP BY key) posting
        WHERE (SELECT count(*) FROM billing_ledgerentry entry WHERE entry.key = posting.key) > posting.entries
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'document % is already posted', broken USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("billing", "0031_journal")]

    operations = [
        # What it refuses is what it refused before, so there is nothing to take back.
        migrations.RunSQL(LEDGER_BALANCES, migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="ledgerentry", index=BrinIndex(autosummarize=True, fields=["at"], name="billing_ledger_by_time")
        ),
    ]
