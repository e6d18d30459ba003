"""Erasure takes a customer's address out of what they did; that it was done stays."""

from django.db import migrations

from apps.core.append_only import let_erase


class Migration(migrations.Migration):
    dependencies = [("memberships", "0061_declarations_only_grow")]

    operations = [let_erase("memberships_history", personal=("actor",))]
