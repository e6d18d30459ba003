"""Points are never edited: a correction is another entry."""

from django.db import migrations

from apps.core.append_only import protect


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0001_points")]

    operations = [protect("loyalty_pointsentry"), protect("loyalty_earningrule")]
