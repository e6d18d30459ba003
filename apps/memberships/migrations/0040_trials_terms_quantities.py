"""What a price promises beyond its amount, and how many of it a membership holds. New columns and small tables."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.core.tables import Together


class Migration(migrations.Migration):
    dependencies = [
        ("memberships", "0031_words_of_resting_and_prices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together([
        migrations.AddField(
            model_name='plan',
            name='max_quantity',
            field=models.PositiveSmallIntegerField(default=1, help_text='How many seats or boxes one membership may hold; the price is for each of them.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='most in one membership'),
        ),
        migrations.AddField(
            model_name='planchange',
            name='quantity',
            field=models.PositiveIntegerField(default=1, verbose_name='quantity'),
        ),
        migrations.AddField(
            model_name='price',
            name='term_periods',
            field=models.PositiveSmallIntegerField(blank=True, help_text='The membership then ends by itself; empty is until cancelled.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(120)], verbose_name='ends after so many periods'),
        ),
        migrations.AddField(
            model_name='price',
            name='trial_days',
            field=models.PositiveSmallIntegerField(default=0, help_text='Nothing is charged before it is over; 0 is without a trial.', validators=[django.core.validators.MaxValueValidator(730)], verbose_name='free trial, days'),
        ),
        migrations.AlterField(
            model_name='price',
            name='interval_count',
            field=models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MaxValueValidator(60)], verbose_name='every'),
        ),
        migrations.AlterField(
            model_name='history',
            name='kind',
            field=models.CharField(choices=[('status', 'status'), ('plan', 'plan'), ('cancel', 'cancellation'), ('undo', 'cancellation undone'), ('pause', 'pause planned'), ('unpause', 'pause taken back'), ('park', 'parked'), ('unpark', 'taken up again'), ('promise', 'price promise'), ('trial', 'end of the trial moved')], max_length=10, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='signup',
            name='quantity',
            field=models.PositiveIntegerField(default=1, verbose_name='quantity'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='pending_quantity',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='quantity from the next period on'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='quantity',
            field=models.PositiveIntegerField(default=1, verbose_name='quantity'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='term_ends_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='end of the agreed term'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='trial_noticed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='end of the trial announced at'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='end_reason',
            field=models.CharField(blank=True, choices=[('cancelled', 'cancelled by the customer'), ('term', 'the agreed term was over'), ('payment', 'payment could not be collected'), ('upgraded', 'replaced by another plan'), ('staff', 'ended by staff'), ('price', 'no agreement to a new price'), ('first_payment', 'the first payment did not succeed'), ('abandoned', 'the sign-up was not finished'), ('ran_out', 'its time was over')], max_length=20, verbose_name='reason of the end'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='status',
            field=models.CharField(choices=[('incomplete', 'waiting for the first payment'), ('trialing', 'free trial'), ('active', 'active'), ('past_due', 'payment overdue'), ('paused', 'paused'), ('ended', 'ended'), ('expired', 'never started')], default='incomplete', max_length=10, verbose_name='status'),
        ),
        migrations.CreateModel(
            name='TrialUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('plan_group', models.SlugField(verbose_name='group')),
                ('fingerprint', models.CharField(blank=True, max_length=255, verbose_name='card fingerprint')),
                ('began_at', models.DateTimeField(verbose_name='began at')),
            ],
            options={
                'verbose_name': 'trial',
                'verbose_name_plural': 'trials',
                'ordering': ['-began_at'],
            },
        ),
        migrations.AddField(
            model_name='trialuse',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trials', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='trialuse',
            name='subscription',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='trial_use', to='memberships.subscription'),
        ),
        migrations.RemoveConstraint(
            model_name='price',
            name='memberships_price_version_once',
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(('max_quantity__gte', 1)), name='memberships_plan_holds_one'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.UniqueConstraint(fields=('plan', 'currency', 'interval_unit', 'interval_count', 'term_periods', 'version'), name='memberships_price_version_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.CheckConstraint(condition=models.Q(('term_periods', None), models.Q(('amount_minor__gt', 0), ('term_periods__range', (1, 120))), _connector='OR'), name='memberships_price_term_of_paid_periods'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.CheckConstraint(condition=models.Q(('trial_days', 0), models.Q(('amount_minor__gt', 0), ('trial_days__lte', 730)), _connector='OR'), name='memberships_price_trial_of_paid_plan'),
        ),
        migrations.AddConstraint(
            model_name='trialuse',
            constraint=models.UniqueConstraint(fields=('customer', 'plan_group'), name='memberships_one_trial_per_person'),
        ),
        migrations.AddConstraint(
            model_name='trialuse',
            constraint=models.UniqueConstraint(condition=models.Q(('fingerprint', ''), _negated=True), fields=('fingerprint', 'plan_group'), name='memberships_one_trial_per_card'),
        ),
        ]),
    ]
