"""A new rule of points makes a new edition of the pages that tell how many a purchase earns."""

from django.db import migrations

from apps.core.editions import watch


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0002_entries_only_grow"), ("core", "0002_edition")]

    operations = [watch("loyalty_earningrule")]
