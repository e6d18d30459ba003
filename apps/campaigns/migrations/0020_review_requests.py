"""Buyers are asked for a review, once for each product."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0002_defaults'),
        ('catalog', '0008_editions'),
        ('orders', '0004_boxes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReviewRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='asked')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='review_requests', to=settings.AUTH_USER_MODEL, verbose_name='customer')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='review_requests', to='orders.order', verbose_name='order')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='review_requests', to='catalog.product', verbose_name='product')),
            ],
            options={
                'verbose_name': 'request for a review',
                'verbose_name_plural': 'requests for reviews',
                'ordering': ['-at', '-pk'],
                'indexes': [models.Index(fields=['customer', '-at'], name='campaigns_asked_of_customer')],
                'constraints': [models.UniqueConstraint(fields=('customer', 'product'), name='campaigns_review_asked_for_once')],
            },
        ),
    ]
