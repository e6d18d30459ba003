from django.db import migrations

from apps.core.append_only import protect


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_people")]

    operations = [protect("accounts_consent")]
