from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('memberships', '0044_price_guards_know_terms'),
    ]

    operations = [
        migrations.AddField(
            model_name='subscription',
            name='end_announced_for',
            field=models.DateTimeField(blank=True, null=True, verbose_name='end announced'),
        ),
    ]
