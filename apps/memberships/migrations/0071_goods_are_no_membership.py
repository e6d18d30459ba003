"""A plan that sends a parcel is in a group of its own: who has one is no member because of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("memberships", "0070_history_of_early_renewals")]

    operations = [
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("sends_goods", False), models.Q(("group", "membership"), _negated=True), _connector="OR"),
                name="memberships_goods_are_no_membership",
                violation_error_message="A plan that sends a parcel needs a group of its own.",
            ),
        )
    ]
