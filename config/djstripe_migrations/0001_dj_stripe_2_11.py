"""dj-stripe's own history up to 2.11, taken for what it leads to: its tables are made once, as they are in the end."""

from importlib import import_module

from django.conf import settings
from django.db import migrations

from apps.core.tables import Together

THEIRS = ("0001_initial", "0002_2_10", "0003_2_11")
HISTORY = [operation for name in THEIRS for operation in import_module(f"djstripe.migrations.{name}").Migration.operations]


class Migration(migrations.Migration):
    initial = True
    replaces = [("djstripe", name) for name in THEIRS]
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [Together(HISTORY)]
