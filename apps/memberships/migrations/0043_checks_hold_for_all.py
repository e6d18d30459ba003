"""The old rows obey the new checks too. Reads the table without holding up those who write."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

CHECKS = [
    "memberships_status_backed_by_dates",
    "memberships_billed_only_while_open",
    "memberships_nothing_pending_when_closed",
    "memberships_quantity_positive",
    "memberships_term_ends_by_itself",
]


class Migration(migrations.Migration):
    dependencies = [("memberships", "0042_checks_of_the_contract")]

    operations = [ValidateConstraint("subscription", check) for check in CHECKS]
