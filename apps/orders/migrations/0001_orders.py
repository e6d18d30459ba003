"""Baskets, orders, parcels and what comes back."""

import apps.accounts.fields
import apps.orders.models.orders
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import uuid
from django.conf import settings
from django.db import migrations, models

from apps.core.tables import Together


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0040_guests_and_addresses'),
        ('billing', '0032_ledger_at_scale'),
        ('catalog', '0003_variants_and_stock'),
        ('memberships', '0045_announced_ends'),
        ('promotions', '0040_goods'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together([
        migrations.CreateModel(
            name='Basket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('updated_at', models.DateTimeField(verbose_name='last touched')),
                ('customer', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='basket', to=settings.AUTH_USER_MODEL)),
                ('price', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='memberships.price')),
                ('promotion', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='promotions.promotion')),
            ],
            options={
                'verbose_name': 'basket',
                'verbose_name_plural': 'baskets',
                'ordering': ['-updated_at'],
            },
        ),
        migrations.CreateModel(
            name='BasketLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveSmallIntegerField(verbose_name='quantity')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('seen_minor', models.BigIntegerField(verbose_name='price when put in')),
                ('basket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='orders.basket')),
                ('variant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.variant')),
            ],
            options={
                'verbose_name': 'line of a basket',
                'verbose_name_plural': 'lines of baskets',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(default=apps.orders.models.orders.new_number, editable=False, max_length=20, unique=True, verbose_name='number')),
                ('token', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('once', models.UUIDField(editable=False, unique=True)),
                ('email', apps.accounts.fields.LowerCaseEmailField(max_length=254, verbose_name='e-mail address')),
                ('status', models.CharField(choices=[('pending', 'waiting for payment'), ('paid', 'paid'), ('packed', 'packed'), ('shipped', 'shipped'), ('delivered', 'delivered'), ('completed', 'completed'), ('returned', 'returned'), ('cancelled', 'cancelled')], default='pending', max_length=10, verbose_name='status')),
                ('problem', models.TextField(blank=True, verbose_name='what went wrong')),
                ('address', models.JSONField(blank=True, default=dict, verbose_name='address')),
                ('country', models.CharField(max_length=2, verbose_name='taxed in')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('goods_minor', models.BigIntegerField(verbose_name='goods')),
                ('discount_minor', models.BigIntegerField(default=0, verbose_name='discount')),
                ('shipping_minor', models.BigIntegerField(default=0, verbose_name='shipping')),
                ('shipping_name', models.CharField(blank=True, max_length=80, verbose_name='sent by')),
                ('total_minor', models.BigIntegerField(verbose_name='total')),
                ('tax_minor', models.BigIntegerField(verbose_name='tax')),
                ('tax_basis_points', models.PositiveIntegerField(verbose_name='tax rate, basis points')),
                ('agreed', models.JSONField(default=dict, editable=False, verbose_name='as agreed')),
                ('refunded_shipping_minor', models.BigIntegerField(default=0, verbose_name='shipping given back')),
                ('setup_id', models.CharField(blank=True, max_length=255, null=True, unique=True, verbose_name='card set-up')),
                ('created_at', models.DateTimeField(verbose_name='begun')),
                ('placed_at', models.DateTimeField(blank=True, null=True, verbose_name='placed')),
                ('paid_at', models.DateTimeField(blank=True, null=True, verbose_name='paid')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='cancelled')),
                ('basket', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='orders', to='orders.basket')),
                ('consent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.consent')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to=settings.AUTH_USER_MODEL, verbose_name='customer')),
                ('invoice', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='order', to='billing.invoice')),
                ('promotion', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='promotions.promotion')),
                ('signup', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='order', to='memberships.signup')),
            ],
            options={
                'verbose_name': 'order',
                'verbose_name_plural': 'orders',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='OrderHistory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old', models.CharField(blank=True, choices=[('pending', 'waiting for payment'), ('paid', 'paid'), ('packed', 'packed'), ('shipped', 'shipped'), ('delivered', 'delivered'), ('completed', 'completed'), ('returned', 'returned'), ('cancelled', 'cancelled')], max_length=10, verbose_name='from')),
                ('new', models.CharField(choices=[('pending', 'waiting for payment'), ('paid', 'paid'), ('packed', 'packed'), ('shipped', 'shipped'), ('delivered', 'delivered'), ('completed', 'completed'), ('returned', 'returned'), ('cancelled', 'cancelled')], max_length=10, verbose_name='to')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='reason')),
                ('actor', models.CharField(blank=True, max_length=254, verbose_name='by')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='history', to='orders.order')),
            ],
            options={
                'verbose_name': 'move of an order',
                'verbose_name_plural': 'moves of orders',
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='OrderLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('description', models.CharField(max_length=210, verbose_name='description')),
                ('sku', models.CharField(max_length=60, verbose_name='article number')),
                ('quantity', models.PositiveSmallIntegerField(verbose_name='quantity')),
                ('unit_minor', models.BigIntegerField(verbose_name='unit price')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('discount_minor', models.BigIntegerField(default=0, verbose_name='discount')),
                ('is_member_price', models.BooleanField(default=False, verbose_name='price for members')),
                ('is_shipped', models.BooleanField(verbose_name='is sent')),
                ('refunded_quantity', models.PositiveSmallIntegerField(default=0, verbose_name='given money back for')),
                ('returned_quantity', models.PositiveSmallIntegerField(default=0, verbose_name='came back')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='orders.order')),
                ('variant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.variant', verbose_name='variant')),
            ],
            options={
                'verbose_name': 'line of an order',
                'verbose_name_plural': 'lines of orders',
                'ordering': ['order', 'position'],
            },
        ),
        migrations.CreateModel(
            name='OrderRefund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=60, unique=True, verbose_name='key')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('shipping_minor', models.BigIntegerField(default=0, verbose_name='of it for shipping')),
                ('restocked', models.BooleanField(default=False, verbose_name='back on the shelf')),
                ('reason', models.CharField(max_length=300, verbose_name='reason')),
                ('actor', models.CharField(blank=True, max_length=254, verbose_name='by')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.order')),
            ],
            options={
                'verbose_name': 'refund of an order',
                'verbose_name_plural': 'refunds of orders',
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='OrderRefundLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveSmallIntegerField(verbose_name='quantity')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.orderline')),
                ('refund', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='orders.orderrefund')),
            ],
            options={
                'verbose_name': 'line of a refund',
                'verbose_name_plural': 'lines of refunds',
            },
        ),
        migrations.CreateModel(
            name='Shipment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('carrier', models.CharField(max_length=80, verbose_name='carrier')),
                ('tracking_number', models.CharField(blank=True, max_length=80, verbose_name='tracking number')),
                ('tracking_url', models.URLField(blank=True, max_length=400, verbose_name='tracking address')),
                ('shipped_at', models.DateTimeField(verbose_name='sent')),
                ('actor', models.CharField(blank=True, max_length=254, verbose_name='by')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shipments', to='orders.order')),
            ],
            options={
                'verbose_name': 'shipment',
                'verbose_name_plural': 'shipments',
                'ordering': ['shipped_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='ShipmentLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveSmallIntegerField(verbose_name='quantity')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shipped', to='orders.orderline')),
                ('shipment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='orders.shipment')),
            ],
            options={
                'verbose_name': 'piece of a shipment',
                'verbose_name_plural': 'pieces of shipments',
            },
        ),
        migrations.CreateModel(
            name='ShippingRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='As the customer reads it: Standard, Express.', max_length=80, verbose_name='name')),
                ('detail', models.CharField(blank=True, help_text='Such as: 2 to 4 working days.', max_length=120, verbose_name='detail')),
                ('countries', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2, validators=[django.core.validators.RegexValidator('^[A-Z]{2}$', 'Give the two capital letters of ISO 3166, such as IT.')]), help_text='Two capital letters each, separated by commas.', verbose_name='countries')),
                ('currency', models.CharField(choices=[('EUR', 'Euro'), ('USD', 'US dollar')], max_length=3, verbose_name='currency')),
                ('up_to_grams', models.PositiveIntegerField(blank=True, help_text='Empty: however heavy it is.', null=True, verbose_name='up to, in grams')),
                ('amount_minor', models.BigIntegerField(help_text="In the currency's smallest unit (cents), with tax.", verbose_name='price')),
                ('free_from_minor', models.BigIntegerField(blank=True, help_text='Goods worth so much, after discounts. Empty: never free.', null=True, verbose_name='free from')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('is_active', models.BooleanField(default=True, verbose_name='switched on')),
            ],
            options={
                'verbose_name': 'shipping rate',
                'verbose_name_plural': 'shipping rates',
                'ordering': ['position', 'currency', 'amount_minor'],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_minor__gte', 0), models.Q(('free_from_minor', None), ('free_from_minor__gt', 0), _connector='OR')), name='orders_shipping_amounts'), models.CheckConstraint(condition=models.Q(('countries__len__gt', 0)), name='orders_shipping_goes_somewhere')],
            },
        ),
        migrations.AddIndex(
            model_name='basket',
            index=models.Index(fields=['updated_at'], name='orders_basket_by_age'),
        ),
        migrations.AddConstraint(
            model_name='basketline',
            constraint=models.UniqueConstraint(fields=('basket', 'variant'), name='orders_basket_variant_once'),
        ),
        migrations.AddConstraint(
            model_name='basketline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__range', (1, 99))), name='orders_basket_quantity'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['customer', '-placed_at'], name='orders_of_customer'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['status', '-created_at'], name='orders_by_status'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('status', 'pending')), fields=['created_at'], name='orders_waiting'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('discount_minor__gte', 0), ('discount_minor__lte', models.F('goods_minor')), ('goods_minor__gte', 0), ('shipping_minor__gte', 0), ('tax_minor__gte', 0), ('tax_minor__lte', models.F('total_minor')), ('total_minor__gte', 0)), name='orders_amounts_make_sense'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('refunded_shipping_minor__range', (0, models.F('shipping_minor')))), name='orders_no_more_shipping_given_back'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'cancelled']), models.Q(('invoice__isnull', False), ('paid_at__isnull', False), ('placed_at__isnull', False)), _connector='OR'), name='orders_paid_with_invoice'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('status', 'cancelled')), models.Q(models.Q(('status', 'cancelled'), _negated=True), ('closed_at', None)), _connector='OR'), name='orders_cancelled_has_date'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('invoice', None), ('placed_at', None)), models.Q(('invoice__isnull', False), ('placed_at__isnull', False)), _connector='OR'), name='orders_placed_with_invoice'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.UniqueConstraint(fields=('order', 'position'), name='orders_line_position_once'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.UniqueConstraint(fields=('order', 'variant'), name='orders_line_variant_once'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor', django.db.models.expressions.CombinedExpression(models.F('unit_minor'), '*', models.F('quantity'))), ('discount_minor__range', (0, models.F('amount_minor'))), ('quantity__gte', 1), ('unit_minor__gt', 0)), name='orders_line_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('refunded_quantity__lte', models.F('quantity')), ('returned_quantity__lte', models.F('refunded_quantity'))), name='orders_line_no_more_back_than_sold'),
        ),
        migrations.AddConstraint(
            model_name='orderrefund',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0), ('shipping_minor__gte', 0)), name='orders_refund_of_something'),
        ),
        migrations.AddConstraint(
            model_name='orderrefundline',
            constraint=models.UniqueConstraint(fields=('refund', 'line'), name='orders_refund_line_once'),
        ),
        migrations.AddConstraint(
            model_name='orderrefundline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='orders_refund_quantity'),
        ),
        migrations.AddConstraint(
            model_name='shipmentline',
            constraint=models.UniqueConstraint(fields=('shipment', 'line'), name='orders_shipment_line_once'),
        ),
        migrations.AddConstraint(
            model_name='shipmentline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='orders_shipment_quantity'),
        ),
        ]),
    ]
