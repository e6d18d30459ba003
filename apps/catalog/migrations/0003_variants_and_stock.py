"""Products come in variants, which have prices and stock. What is sold already becomes a product's one variant."""

import django.db.models.deletion
from django.db import migrations, models

from apps.core.append_only import protect
from apps.core.tables import Together

_EACH_PRODUCT_HAS_ONE = """
INSERT INTO catalog_variant (product_id, sku, name, weight_grams, position, is_active)
    SELECT id, upper(slug), '', 0, 0, true FROM catalog_product
    WHERE id IN (SELECT product_id FROM catalog_productprice);
UPDATE catalog_productprice price SET variant_id = variant.id
    FROM catalog_variant variant WHERE variant.product_id = price.product_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_catalogue")]

    operations = [
        Together([
        migrations.CreateModel(
            name='Variant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sku', models.CharField(max_length=60, unique=True, verbose_name='article number')),
                ('name', models.CharField(blank=True, help_text='What tells it from the others, such as 30 cm.', max_length=80, verbose_name='name')),
                ('weight_grams', models.PositiveIntegerField(default=0, help_text='With its packing, for the parcel.', verbose_name='weight in grams')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('is_active', models.BooleanField(default=True, verbose_name='for sale')),
            ],
            options={
                'verbose_name': 'variant',
                'verbose_name_plural': 'variants',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='StockMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('received', 'received'), ('sold', 'sold'), ('returned', 'came back'), ('corrected', 'counted anew')], max_length=10, verbose_name='kind')),
                ('quantity', models.BigIntegerField(help_text='Positive: more can be sold. Negative: fewer.', verbose_name='quantity')),
                ('key', models.CharField(max_length=120, verbose_name='key')),
                ('actor', models.CharField(blank=True, max_length=254, verbose_name='by')),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'stock move',
                'verbose_name_plural': 'stock moves',
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.AlterModelOptions(
            name='productprice',
            options={'ordering': ['currency', 'amount_minor'], 'verbose_name': 'price', 'verbose_name_plural': 'prices'},
        ),
        migrations.RemoveConstraint(
            model_name='productprice',
            name='catalog_one_price_per_currency',
        ),
        migrations.AlterField(
            model_name='productprice',
            name='product',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='catalog.product', verbose_name='product'),
        ),
        migrations.CreateModel(
            name='Stock',
            fields=[
                ('variant', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='stock', serialize=False, to='catalog.variant', verbose_name='variant')),
                ('available', models.BigIntegerField(default=0, verbose_name='available')),
            ],
            options={
                'verbose_name': 'stock',
                'verbose_name_plural': 'stock',
            },
        ),
        migrations.AddField(
            model_name='variant',
            name='product',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='variants', to='catalog.product', verbose_name='product'),
        ),
        migrations.AddField(
            model_name='productprice',
            name='variant',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='catalog.variant', verbose_name='variant'),
        ),
        migrations.AddIndex(
            model_name='productprice',
            index=models.Index(fields=['product', 'currency', 'amount_minor'], name='catalog_price_of_product'),
        ),
        migrations.AddConstraint(
            model_name='productprice',
            constraint=models.UniqueConstraint(fields=('variant', 'currency'), name='catalog_one_price_per_currency'),
        ),
        migrations.AddField(
            model_name='stockmove',
            name='variant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='catalog.variant', verbose_name='variant'),
        ),
        migrations.AddConstraint(
            model_name='stock',
            constraint=models.CheckConstraint(condition=models.Q(('available__gte', 0)), name='catalog_stock_not_oversold'),
        ),
        migrations.AddConstraint(
            model_name='variant',
            constraint=models.UniqueConstraint(fields=('product', 'name'), name='catalog_variants_differ_by_name'),
        ),
        migrations.AddIndex(
            model_name='stockmove',
            index=models.Index(fields=['variant', '-at'], name='catalog_moves_of_variant'),
        ),
        migrations.AddConstraint(
            model_name='stockmove',
            constraint=models.UniqueConstraint(fields=('key', 'kind'), name='catalog_one_move_for_each_occasion'),
        ),
        migrations.AddConstraint(
            model_name='stockmove',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'sold'), ('quantity__lt', 0)), models.Q(('kind__in', ['received', 'returned']), ('quantity__gt', 0)), models.Q(('kind', 'corrected'), models.Q(('quantity', 0), _negated=True)), _connector='OR'), name='catalog_sign_of_move'),
        ),
        migrations.RunSQL(_EACH_PRODUCT_HAS_ONE, migrations.RunSQL.noop),
        ]),
        migrations.AlterField(
            model_name='productprice',
            name='variant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='catalog.variant', verbose_name='variant'),
        ),
        protect("catalog_stockmove"),
    ]
