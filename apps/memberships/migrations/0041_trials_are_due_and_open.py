"""A trial is an open membership that is billed: the indexes cover it. Built beside a running shop."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

ONE_OPEN = "memberships_one_open_per_group"
BUILD = (
    "CREATE UNIQUE INDEX CONCURRENTLY {name} ON memberships_subscription (customer_id, plan_group)"
    " WHERE status IN ({statuses})"
)
TRIALS_TOO = BUILD.format(name=f"{ONE_OPEN}_new", statuses="'active', 'past_due', 'trialing', 'paused'")
NO_TRIALS = BUILD.format(name=f"{ONE_OPEN}_new", statuses="'active', 'past_due', 'paused'")
DROP_OLD = f"DROP INDEX CONCURRENTLY {ONE_OPEN}"
TAKE_ITS_NAME = f"ALTER INDEX {ONE_OPEN}_new RENAME TO {ONE_OPEN}"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("memberships", "0040_trials_terms_quantities")]

    operations = [
        RemoveIndexConcurrently(
            model_name='subscription',
            name='memberships_due',
        ),
        RemoveIndexConcurrently(
            model_name='subscription',
            name='memberships_to_end',
        ),
        AddIndexConcurrently(
            model_name='subscription',
            index=models.Index(condition=models.Q(('changing_since', None), ('next_bill_at__isnull', False), ('parked_at', None), ('status__in', ('active', 'trialing'))), fields=['next_bill_at', 'id'], name='memberships_due'),
        ),
        AddIndexConcurrently(
            model_name='subscription',
            index=models.Index(condition=models.Q(('status', 'trialing'), ('trial_noticed_at', None)), fields=['next_bill_at', 'id'], name='memberships_trials_to_tell'),
        ),
        AddIndexConcurrently(
            model_name='subscription',
            index=models.Index(condition=models.Q(('ends_at__isnull', False), ('status__in', ('active', 'past_due', 'trialing'))), fields=['ends_at'], name='memberships_to_end'),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(TRIALS_TOO, TAKE_ITS_NAME),
                migrations.RunSQL(DROP_OLD, DROP_OLD),
                migrations.RunSQL(TAKE_ITS_NAME, NO_TRIALS),
            ],
            state_operations=[
                migrations.RemoveConstraint(
                    model_name='subscription',
                    name='memberships_one_open_per_group',
                ),
                migrations.AddConstraint(
                    model_name='subscription',
                    constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('active', 'past_due', 'trialing', 'paused'))), fields=('customer', 'plan_group'), name='memberships_one_open_per_group'),
                ),
            ],
        ),
    ]
