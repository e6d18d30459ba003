"""Codes that take something off the goods in a basket."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('promotions', '0001_promotions'),
    ]

    operations = [
        migrations.AddField(
            model_name='promotion',
            name='for_goods',
            field=models.BooleanField(db_default=False, default=False, help_text='Its code takes the discount off the goods in a basket, and not off a membership.', verbose_name='for goods'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(('for_goods', False), ('duration', 'once'), _connector='OR'), name='promotions_goods_once', violation_error_message='A discount on goods is taken once.'),
        ),
    ]
