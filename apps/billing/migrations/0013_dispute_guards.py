"""What the database itself refuses of disputes: edits of what happened, and forgetting one."""

from django.db import migrations

from apps.core.append_only import protect

MUTABLE = [
    "intent_id", "payment_id", "status", "is_inquiry", "reason", "amount_minor", "currency", "respond_by", "check_at",
    "message", "closed_at",
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("billing", "0012_disputes")]

    operations = [
        protect("billing_disputemovement"),
        protect("billing_disputechange"),
        migrations.RunSQL(
            sql=f"""CREATE TRIGGER billing_dispute_immutable BEFORE UPDATE OR DELETE ON billing_dispute
                FOR EACH ROW EXECUTE FUNCTION billing_refuse_edit({", ".join(f"'{column}'" for column in MUTABLE)});""",
            reverse_sql="DROP TRIGGER billing_dispute_immutable ON billing_dispute;",
        ),
    ]
