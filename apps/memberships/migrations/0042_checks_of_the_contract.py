"""Checks that know of trials, terms and quantities. New rows obey at once; the old ones are looked at next."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from apps.core.tables import Together


class Migration(migrations.Migration):
    dependencies = [("memberships", "0041_trials_are_due_and_open")]

    operations = [
        Together([
        migrations.RemoveConstraint(
            model_name='subscription',
            name='memberships_status_backed_by_dates',
        ),
        migrations.RemoveConstraint(
            model_name='subscription',
            name='memberships_billed_only_while_open',
        ),
        migrations.RemoveConstraint(
            model_name='subscription',
            name='memberships_nothing_pending_when_closed',
        ),
        AddConstraintNotValid(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('started_at', None), ('status', 'incomplete')), models.Q(('ended_at', None), ('started_at__isnull', False), ('status__in', ('active', 'past_due', 'trialing', 'paused'))), models.Q(('ended_at__isnull', False), ('started_at__isnull', False), ('status', 'ended')), models.Q(('ended_at__isnull', False), ('started_at', None), ('status', 'expired')), _connector='OR'), name='memberships_status_backed_by_dates'),
        ),
        AddConstraintNotValid(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('next_bill_at', None), models.Q(('current_end__isnull', False), ('next_bill_at', models.F('current_end')), ('status__in', ('active', 'past_due', 'trialing'))), _connector='OR'), name='memberships_billed_only_while_open'),
        ),
        AddConstraintNotValid(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ('active', 'past_due', 'trialing', 'paused')), models.Q(('changing_since', None), ('pending_price', None)), _connector='OR'), name='memberships_nothing_pending_when_closed'),
        ),
        AddConstraintNotValid(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 1), models.Q(('pending_quantity', None), models.Q(('pending_quantity__gte', 1), ('status__in', ('active', 'past_due', 'trialing', 'paused'))), _connector='OR')), name='memberships_quantity_positive'),
        ),
        AddConstraintNotValid(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('term_ends_at', None), models.Q(('ends_at', models.F('term_ends_at')), ('ends_at__isnull', False)), _connector='OR'), name='memberships_term_ends_by_itself'),
        ),
        ]),
    ]
