import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.core.tables import Together


class Migration(migrations.Migration):

    dependencies = [
        ('memberships', '0002_guards'),
        ('promotions', '0001_promotions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together([
        migrations.CreateModel(
            name='Pause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('plan_group', models.SlugField(verbose_name='group')),
                ('kind', models.CharField(choices=[('pause', 'pause'), ('skip', 'skipped period')], max_length=10, verbose_name='kind')),
                ('begins_at', models.DateTimeField(verbose_name='begins at')),
                ('resumes_at', models.DateTimeField(verbose_name='resumes at')),
                ('begun_at', models.DateTimeField(blank=True, null=True, verbose_name='begun at')),
                ('reminded_at', models.DateTimeField(blank=True, null=True, verbose_name='reminded at')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='over at')),
                ('outcome', models.CharField(blank=True, choices=[('resumed', 'resumed'), ('undone', 'taken back before it began'), ('ended', 'the membership ended')], max_length=10, verbose_name='outcome')),
                ('actor', models.CharField(max_length=254, verbose_name='by')),
                ('requested_at', models.DateTimeField(verbose_name='asked for at')),
            ],
            options={
                'verbose_name': 'pause',
                'verbose_name_plural': 'pauses',
                'ordering': ['-begins_at', '-pk'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='subscription',
            name='memberships_one_open_per_group',
        ),
        migrations.RemoveConstraint(
            model_name='subscription',
            name='memberships_status_backed_by_dates',
        ),
        migrations.RemoveConstraint(
            model_name='subscription',
            name='memberships_nothing_pending_when_closed',
        ),
        migrations.AddField(
            model_name='plan',
            name='gift_valid_days',
            field=models.PositiveSmallIntegerField(default=1095, help_text='So long after the purchase a gift can be redeemed. 0: the plan cannot be given.', verbose_name='gifts are valid for, days'),
        ),
        migrations.AddField(
            model_name='plan',
            name='max_pause_days',
            field=models.PositiveSmallIntegerField(default=92, help_text='A membership is paused, or its next period skipped, for at most so long. 0: it cannot be paused.', verbose_name='longest pause, days'),
        ),
        migrations.AddField(
            model_name='plan',
            name='pauses_per_year',
            field=models.PositiveSmallIntegerField(default=2, help_text='At most so many pauses begin within 365 days, skipped periods too.', verbose_name='pauses a year'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='comp_reason',
            field=models.CharField(blank=True, max_length=300, verbose_name='why it is free'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='origin',
            field=models.CharField(choices=[('purchase', 'bought'), ('gift', 'given by another customer'), ('comp', 'with our compliments')], default='purchase', max_length=10, verbose_name='origin'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='pause_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='pauses at'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='pause_kind',
            field=models.CharField(blank=True, choices=[('pause', 'pause'), ('skip', 'skipped period')], max_length=10, verbose_name='kind of pause'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='paused_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='paused at'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='resumes_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='resumes at'),
        ),
        migrations.AlterField(
            model_name='history',
            name='kind',
            field=models.CharField(choices=[('status', 'status'), ('plan', 'plan'), ('cancel', 'cancellation'), ('undo', 'cancellation undone'), ('pause', 'pause planned'), ('unpause', 'pause taken back'), ('park', 'parked'), ('unpark', 'taken up again')], max_length=10, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='end_reason',
            field=models.CharField(blank=True, choices=[('cancelled', 'cancelled by the customer'), ('payment', 'payment could not be collected'), ('upgraded', 'replaced by another plan'), ('staff', 'ended by staff'), ('first_payment', 'the first payment did not succeed'), ('abandoned', 'the sign-up was not finished'), ('ran_out', 'its time was over')], max_length=20, verbose_name='reason of the end'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='status',
            field=models.CharField(choices=[('incomplete', 'waiting for the first payment'), ('active', 'active'), ('past_due', 'payment overdue'), ('paused', 'paused'), ('ended', 'ended'), ('expired', 'never started')], default='incomplete', max_length=10, verbose_name='status'),
        ),
        migrations.AddIndex(
            model_name='subscription',
            index=models.Index(condition=models.Q(('pause_at__isnull', False)), fields=['pause_at'], name='memberships_to_pause'),
        ),
        migrations.AddIndex(
            model_name='subscription',
            index=models.Index(condition=models.Q(('status', 'paused')), fields=['resumes_at'], name='memberships_to_resume'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.CheckConstraint(condition=models.Q(('version__gt', 0), models.Q(('amount_minor', 0), ('closed_at', models.F('available_from'))), _connector='OR'), name='memberships_complimentary_price_is_not_sold'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('active', 'past_due', 'paused'))), fields=('customer', 'plan_group'), name='memberships_one_open_per_group'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('started_at', None), ('status', 'incomplete')), models.Q(('ended_at', None), ('started_at__isnull', False), ('status__in', ('active', 'past_due', 'paused'))), models.Q(('ended_at__isnull', False), ('started_at__isnull', False), ('status', 'ended')), models.Q(('ended_at__isnull', False), ('started_at', None), ('status', 'expired')), _connector='OR'), name='memberships_status_backed_by_dates'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ('active', 'past_due', 'paused')), models.Q(('changing_since', None), ('pending_price', None)), _connector='OR'), name='memberships_nothing_pending_when_closed'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('changing_since', None), ('ends_at', None), ('next_bill_at', None), ('pause_at', None), ('pause_kind__in', ['pause', 'skip']), ('paused_at__isnull', False), ('resumes_at__gt', models.F('paused_at')), ('resumes_at__isnull', False), ('status', 'paused')), models.Q(models.Q(('status', 'paused'), _negated=True), ('pause_at', None), ('pause_kind', ''), ('paused_at', None), ('resumes_at', None)), models.Q(('current_end__isnull', False), ('pause_at', models.F('current_end')), ('pause_at__isnull', False), ('pause_kind__in', ['pause', 'skip']), ('paused_at', None), ('resumes_at__gt', models.F('pause_at')), ('resumes_at__isnull', False), ('status__in', ('active', 'past_due'))), _connector='OR'), name='memberships_paused_with_dates'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('origin', 'purchase'), models.Q(('next_bill_at', None), ('pause_at', None), ('paused_at', None)), _connector='OR'), name='memberships_only_bought_ones_pause'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('origin', 'comp'), models.Q(('comp_reason', ''), _negated=True)), models.Q(models.Q(('origin', 'comp'), _negated=True), ('comp_reason', '')), _connector='OR'), name='memberships_complimentary_with_reason'),
        ),
        migrations.AddField(
            model_name='pause',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='pause',
            name='subscription',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to='memberships.subscription'),
        ),
        migrations.AddIndex(
            model_name='pause',
            index=models.Index(fields=['customer', 'plan_group', '-begins_at'], name='memberships_pauses_counted'),
        ),
        migrations.AddIndex(
            model_name='pause',
            index=models.Index(condition=models.Q(('begun_at__isnull', False), ('closed_at', None), ('reminded_at', None)), fields=['resumes_at'], name='memberships_pauses_to_remind'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('subscription',), name='memberships_one_open_pause'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.CheckConstraint(condition=models.Q(('resumes_at__gt', models.F('begins_at'))), name='memberships_pause_in_order'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('outcome', '')), models.Q(('closed_at__isnull', False), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='memberships_pause_closed_with_outcome'),
        ),
        ]),
    ]
