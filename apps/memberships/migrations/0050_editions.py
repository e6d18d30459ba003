"""A write to plans, their prices and benefits makes a new edition of the pages that show them."""

from django.db import migrations

from apps.core.editions import watch


class Migration(migrations.Migration):
    dependencies = [("memberships", "0045_announced_ends"), ("core", "0002_edition")]

    operations = [watch("memberships_plan"), watch("memberships_price"), watch("memberships_benefit")]
