"""Erasure takes a customer's address out of what they did; that it was done stays."""

from django.db import migrations

from apps.core.append_only import let_erase


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_guards_and_defaults")]

    operations = [let_erase("orders_orderhistory", personal=("actor",))]
