"""Plans that send a parcel each period, and pauses that the shop asks for."""

from django.db import migrations, models

from apps.core.tables import Together


class Migration(migrations.Migration):

    dependencies = [
        ('memberships', '0062_history_forgets_who'),
    ]

    operations = [Together([
        migrations.AddField(
            model_name='pause',
            name='by_shop',
            field=models.BooleanField(db_default=False, default=False, verbose_name='asked for by the shop'),
        ),
        migrations.AddField(
            model_name='plan',
            name='sends_goods',
            field=models.BooleanField(db_default=False, default=False, help_text='Each period something is sent. A change of plan or quantity then waits for the next period.', verbose_name='sends a parcel'),
        ),
    ])]
