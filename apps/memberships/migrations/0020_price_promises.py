"""Planned price changes, and what each member was promised."""

import apps.memberships.models.price_changes
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from apps.core.tables import Together


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0020_price_change_consent'),
        ('memberships', '0011_gifts'),
    ]

    operations = [
        Together([
        migrations.CreateModel(
            name='PriceChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('draft', 'draft'), ('planned', 'planned'), ('done', 'done'), ('withdrawn', 'withdrawn')], default='draft', max_length=10, verbose_name='status')),
                ('effective_at', models.DateTimeField(help_text='Each member changes at their own first renewal at or after this instant.', verbose_name='takes effect')),
                ('notice_days', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), default=apps.memberships.models.price_changes.notice_days, help_text='Falling whole days, such as 35, 10.', verbose_name='notices, days before the renewal')),
                ('explanation', models.TextField(help_text='Why the price changes, for the customers to read.', verbose_name='explanation')),
                ('without_consent', models.CharField(choices=[('keep', 'keeps the old price'), ('end', 'the membership ends on that date')], default='keep', max_length=4, verbose_name='a member who does not agree')),
                ('protected_months', models.PositiveSmallIntegerField(blank=True, help_text='A member keeps the old price at least so many months from the day they joined.', null=True, verbose_name='protected for months after joining')),
                ('protected_until', models.DateTimeField(blank=True, help_text='All members keep the old price until then.', null=True, verbose_name='protected until')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('planned_at', models.DateTimeField(blank=True, null=True, verbose_name='planned at')),
                ('settled_at', models.DateTimeField(blank=True, null=True, verbose_name='done or withdrawn at')),
                ('written_up_to', models.BigIntegerField(default=0, editable=False)),
                ('written_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='promises written at')),
                ('new_price', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes_to', to='memberships.price', verbose_name='to the price')),
                ('old_price', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes_away', to='memberships.price', verbose_name='from the price')),
            ],
            options={
                'verbose_name': 'price change',
                'verbose_name_plural': 'price changes',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='PriceChangeEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old', models.CharField(blank=True, max_length=10, verbose_name='from')),
                ('new', models.CharField(choices=[('draft', 'draft'), ('planned', 'planned'), ('done', 'done'), ('withdrawn', 'withdrawn')], max_length=10, verbose_name='to')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='reason')),
                ('actor', models.CharField(max_length=254, verbose_name='by')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='history', to='memberships.pricechange')),
            ],
            options={
                'verbose_name': 'history entry',
                'verbose_name_plural': 'history',
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='PricePromise',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rise_minor', models.BigIntegerField(verbose_name='rise')),
                ('protected_until', models.DateTimeField(blank=True, null=True, verbose_name='protected until')),
                ('applies_from', models.DateTimeField(verbose_name='applies from')),
                ('next_notice_at', models.DateTimeField(blank=True, null=True, verbose_name='next notice')),
                ('answer', models.CharField(blank=True, choices=[('', 'none yet'), ('agreed', 'agreed'), ('refused', 'did not agree')], default='', max_length=10, verbose_name='answer')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered at')),
                ('answered_in', models.CharField(blank=True, max_length=20, verbose_name='answered in')),
                ('held_at', models.DateTimeField(blank=True, null=True, verbose_name='held at')),
                ('held_reason', models.CharField(blank=True, max_length=200, verbose_name='why it is held')),
                ('outcome', models.CharField(blank=True, choices=[('', 'open'), ('moved', 'moved to the new price'), ('kept', 'kept the old price'), ('ended', 'the membership ended'), ('withdrawn', 'the change was withdrawn'), ('lapsed', 'the member left or changed plan before')], default='', max_length=10, verbose_name='outcome')),
                ('settled_at', models.DateTimeField(blank=True, null=True, verbose_name='settled at')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='promises', to='memberships.pricechange', verbose_name='price change')),
                ('consent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.consent', verbose_name='evidence')),
                ('new_price', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='promises_made', to='memberships.price', verbose_name='new price')),
                ('old_price', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='promises_kept', to='memberships.price', verbose_name='old price')),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='price_promises', to='memberships.subscription', verbose_name='subscription')),
            ],
            options={
                'verbose_name': 'price promise',
                'verbose_name_plural': 'price promises',
                'ordering': ['applies_from', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='PromiseNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('applies_from', models.DateTimeField(verbose_name='date it speaks of')),
                ('days', models.PositiveSmallIntegerField(verbose_name='days before')),
                ('key', models.CharField(max_length=200, unique=True, verbose_name='key of the mail')),
                ('given_at', models.DateTimeField(verbose_name='given')),
                ('promise', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='memberships.pricepromise', verbose_name='price promise')),
            ],
            options={
                'verbose_name': 'notice of a price change',
                'verbose_name_plural': 'notices of price changes',
                'ordering': ['-given_at', '-pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='pricechange',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'planned')), fields=('old_price',), name='memberships_one_planned_change'),
        ),
        migrations.AddConstraint(
            model_name='pricechange',
            constraint=models.CheckConstraint(condition=models.Q(('old_price', models.F('new_price')), _negated=True), name='memberships_price_change_changes'),
        ),
        migrations.AddConstraint(
            model_name='pricechange',
            constraint=models.CheckConstraint(condition=models.Q(('notice_days__len__gte', 1)), name='memberships_price_change_is_notified'),
        ),
        migrations.AddConstraint(
            model_name='pricechange',
            constraint=models.CheckConstraint(condition=models.Q(('explanation', ''), _negated=True), name='memberships_price_change_is_explained'),
        ),
        migrations.AddConstraint(
            model_name='pricechange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('planned_at', None), ('settled_at', None), ('status', 'draft')), models.Q(('planned_at__isnull', False), ('settled_at', None), ('status', 'planned')), models.Q(('planned_at__isnull', False), ('settled_at__isnull', False), ('status', 'done')), models.Q(('settled_at__isnull', False), ('status', 'withdrawn')), _connector='OR'), name='memberships_price_change_dates'),
        ),
        migrations.AddIndex(
            model_name='pricepromise',
            index=models.Index(condition=models.Q(('held_at', None), ('next_notice_at__isnull', False), ('outcome', '')), fields=['next_notice_at'], name='memberships_promise_notices'),
        ),
        migrations.AddIndex(
            model_name='pricepromise',
            index=models.Index(condition=models.Q(('outcome', '')), fields=['applies_from'], name='memberships_promise_open'),
        ),
        migrations.AddIndex(
            model_name='pricepromise',
            index=models.Index(condition=models.Q(('held_at__isnull', False), ('outcome', '')), fields=['held_at'], name='memberships_held'),
        ),
        migrations.AddIndex(
            model_name='pricepromise',
            index=models.Index(fields=['change', 'outcome', 'answer'], name='memberships_promise_counts'),
        ),
        migrations.AddIndex(
            model_name='pricepromise',
            index=models.Index(condition=models.Q(('outcome', '')), fields=['old_price'], name='memberships_promise_by_price'),
        ),
        migrations.AddConstraint(
            model_name='pricepromise',
            constraint=models.UniqueConstraint(fields=('change', 'subscription'), name='memberships_promise_once'),
        ),
        migrations.AddConstraint(
            model_name='pricepromise',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', '')), fields=('subscription',), name='memberships_one_open_promise'),
        ),
        migrations.AddConstraint(
            model_name='pricepromise',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'moved'), _negated=True), ('rise_minor__lte', 0), models.Q(('answer', 'agreed'), ('consent__isnull', False)), _connector='OR'), name='memberships_no_rise_without_consent'),
        ),
        migrations.AddConstraint(
            model_name='pricepromise',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at', None), ('answered_in', ''), ('consent', None)), models.Q(models.Q(('answer', ''), _negated=True), models.Q(('answered_in', ''), _negated=True), ('answered_at__isnull', False), ('consent__isnull', False)), _connector='OR'), name='memberships_answer_with_evidence'),
        ),
        migrations.AddConstraint(
            model_name='pricepromise',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome__in', ['kept', 'ended']), _negated=True), ('rise_minor__gt', 0), _connector='OR'), name='memberships_only_a_rise_is_refused'),
        ),
        migrations.AddConstraint(
            model_name='pricepromise',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', ''), ('settled_at', None)), models.Q(models.Q(('outcome', ''), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='memberships_promise_settled_when_closed'),
        ),
        migrations.AddConstraint(
            model_name='pricepromise',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('held_at', None), ('held_reason', '')), models.Q(('held_at__isnull', False), models.Q(('held_reason', ''), _negated=True)), _connector='OR'), name='memberships_held_with_reason'),
        ),
        migrations.AddConstraint(
            model_name='promisenotice',
            constraint=models.UniqueConstraint(fields=('promise', 'applies_from', 'days'), name='memberships_notice_once'),
        ),
        ]),
    ]
