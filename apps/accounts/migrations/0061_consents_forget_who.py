"""Erasure takes the address out of consents; what was agreed to, and when, stays as evidence."""

from django.db import migrations

from apps.core.append_only import let_erase


class Migration(migrations.Migration):
    dependencies = [("accounts", "0060_privacy")]

    operations = [let_erase("accounts_consent", personal=("email",))]
