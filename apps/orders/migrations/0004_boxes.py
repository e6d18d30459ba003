"""Boxes that are sent each period, and what is in a bundle that was ordered."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.core.tables import Together


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0061_consents_forget_who'),
        ('billing', '0060_invoices_forget_addresses'),
        ('catalog', '0008_editions'),
        ('memberships', '0063_plans_that_send_goods'),
        ('orders', '0003_history_forgets_who'),
        ('promotions', '0040_goods'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [Together([
        migrations.CreateModel(
            name='Box',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cutoff_days', models.PositiveSmallIntegerField(default=2, help_text='So long before the charge the next box can be changed, skipped or moved.', verbose_name='closes, days before the charge')),
            ],
            options={
                'verbose_name': 'box',
                'verbose_name_plural': 'boxes',
                'ordering': ['plan'],
            },
        ),
        migrations.CreateModel(
            name='BoxDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('quantity', models.PositiveIntegerField(verbose_name='boxes')),
                ('due_at', models.DateTimeField(verbose_name='due')),
                ('status', models.CharField(choices=[('due', 'to be made ready'), ('held', 'waits for a person'), ('ordered', 'an order'), ('cancelled', 'cancelled')], default='due', max_length=10, verbose_name='status')),
                ('held_for', models.CharField(blank=True, max_length=300, verbose_name='why it waits')),
            ],
            options={
                'verbose_name': 'delivery of a box',
                'verbose_name_plural': 'deliveries of boxes',
                'ordering': ['due_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='BoxRecipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('plan_group', models.SlugField(verbose_name='group')),
                ('address', models.JSONField(blank=True, default=dict, verbose_name='address')),
                ('choices', models.JSONField(blank=True, default=dict, verbose_name='usually in it')),
                ('next_choices', models.JSONField(blank=True, null=True, verbose_name='in the next one')),
            ],
            options={
                'verbose_name': 'recipient of boxes',
                'verbose_name_plural': 'recipients of boxes',
            },
        ),
        migrations.CreateModel(
            name='BoxStop',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('substitute', 'put something else in'), ('pause', 'send none until a day')], max_length=10, verbose_name='what happens')),
                ('until', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('actor', models.CharField(max_length=254, verbose_name='by')),
                ('created_at', models.DateTimeField(verbose_name='decided at')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='carried out')),
                ('handled', models.PositiveIntegerField(default=0, verbose_name='customers')),
                ('passed_over', models.PositiveIntegerField(default=0, verbose_name='passed over')),
            ],
            options={
                'verbose_name': 'stop of a box',
                'verbose_name_plural': 'stops of boxes',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='OrderPiece',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('description', models.CharField(max_length=210, verbose_name='description')),
                ('quantity', models.PositiveSmallIntegerField(verbose_name='quantity')),
            ],
            options={
                'verbose_name': 'piece of a bundle',
                'verbose_name_plural': 'pieces of bundles',
                'ordering': ['pk'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='basketline',
            name='orders_basket_variant_once',
        ),
        migrations.RemoveConstraint(
            model_name='order',
            name='orders_paid_with_invoice',
        ),
        migrations.RemoveConstraint(
            model_name='order',
            name='orders_placed_with_invoice',
        ),
        migrations.RemoveConstraint(
            model_name='orderline',
            name='orders_line_variant_once',
        ),
        migrations.AddField(
            model_name='basketline',
            name='choices',
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name='what was picked'),
        ),
        migrations.AddField(
            model_name='order',
            name='goes_with',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='memberships.subscription'),
        ),
        migrations.AddField(
            model_name='order',
            name='kind',
            field=models.CharField(choices=[('shop', 'bought in the shop'), ('box', 'box')], db_default='shop', default='shop', max_length=10, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='order',
            name='packed_with',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='extras', to='orders.order'),
        ),
        migrations.AlterField(
            model_name='order',
            name='consent',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.consent'),
        ),
        migrations.AddConstraint(
            model_name='basketline',
            constraint=models.UniqueConstraint(fields=('basket', 'variant', 'choices'), name='orders_basket_variant_once'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'cancelled']), models.Q(('invoice__isnull', False), ('paid_at__isnull', False), ('placed_at__isnull', False)), models.Q(('kind', 'box'), ('paid_at__isnull', False), ('placed_at__isnull', False)), _connector='OR'), name='orders_paid_with_invoice'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('invoice', None), ('placed_at', None)), models.Q(('invoice__isnull', False), ('placed_at__isnull', False)), models.Q(('kind', 'box'), ('placed_at__isnull', False)), _connector='OR'), name='orders_placed_with_invoice'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'box'), ('consent__isnull', False), _connector='OR'), name='orders_bought_with_consent'),
        ),
        migrations.AddField(
            model_name='box',
            name='plan',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='box', to='memberships.plan', verbose_name='plan'),
        ),
        migrations.AddField(
            model_name='box',
            name='product',
            field=models.ForeignKey(limit_choices_to={'kind': 'bundle'}, on_delete=django.db.models.deletion.PROTECT, related_name='boxes', to='catalog.product', verbose_name='bundle'),
        ),
        migrations.AddField(
            model_name='boxdelivery',
            name='invoice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.invoice'),
        ),
        migrations.AddField(
            model_name='boxdelivery',
            name='order',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='delivery', to='orders.order'),
        ),
        migrations.AddField(
            model_name='boxdelivery',
            name='subscription',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='memberships.subscription'),
        ),
        migrations.AddField(
            model_name='boxrecipient',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='boxes', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='boxstop',
            name='box',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stops', to='orders.box', verbose_name='box'),
        ),
        migrations.AddField(
            model_name='boxstop',
            name='substitute',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.variant', verbose_name='what goes in'),
        ),
        migrations.AddField(
            model_name='boxstop',
            name='variant',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.variant', verbose_name='what ran out'),
        ),
        migrations.AddField(
            model_name='orderpiece',
            name='line',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pieces', to='orders.orderline'),
        ),
        migrations.AddField(
            model_name='orderpiece',
            name='variant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.variant', verbose_name='variant'),
        ),
        migrations.AddIndex(
            model_name='boxdelivery',
            index=models.Index(condition=models.Q(('status', 'due')), fields=['due_at'], name='orders_boxes_due'),
        ),
        migrations.AddConstraint(
            model_name='boxdelivery',
            constraint=models.UniqueConstraint(fields=('subscription', 'number'), name='orders_delivery_once'),
        ),
        migrations.AddConstraint(
            model_name='boxdelivery',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='orders_delivery_quantity'),
        ),
        migrations.AddConstraint(
            model_name='boxdelivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('held_for', ''), ('order__isnull', False), ('status', 'ordered')), models.Q(('order', None), ('status', 'held'), models.Q(('held_for', ''), _negated=True)), models.Q(('held_for', ''), ('order', None), ('status__in', ['due', 'cancelled'])), _connector='OR'), name='orders_delivery_status_backed'),
        ),
        migrations.AddConstraint(
            model_name='boxrecipient',
            constraint=models.UniqueConstraint(fields=('customer', 'plan_group'), name='orders_one_recipient_per_group'),
        ),
        migrations.AddConstraint(
            model_name='boxstop',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'substitute'), ('substitute__isnull', False), ('until', None), ('variant__isnull', False)), models.Q(('kind', 'pause'), ('substitute', None), ('until__isnull', False), ('variant', None)), _connector='OR'), name='orders_stop_says_what'),
        ),
        migrations.AddConstraint(
            model_name='boxstop',
            constraint=models.UniqueConstraint(condition=models.Q(('done_at', None)), fields=('box',), name='orders_one_stop_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='orderpiece',
            constraint=models.UniqueConstraint(fields=('line', 'variant'), name='orders_piece_once'),
        ),
        migrations.AddConstraint(
            model_name='orderpiece',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='orders_piece_quantity'),
        ),
    ])]
