"""A new price is agreed to as well. The wider check is added without reading the table, then validated without a lock
that writers wait for."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

KINDS = [
    ("subscription_terms", "Subscription terms"),
    ("marketing", "Marketing mail"),
    ("card_mandate", "Charging the card"),
    ("privacy", "Privacy policy"),
    ("price_change", "New price"),
]
CHECK = models.CheckConstraint(
    condition=models.Q(kind__in=[kind for kind, _label in KINDS]), name="accounts_consent_kind"
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0002_consents_only_grow")]

    operations = [
        migrations.AlterField("consent", "kind", models.CharField("kind", choices=KINDS, max_length=20)),
        migrations.RemoveConstraint("consent", "accounts_consent_kind"),
        AddConstraintNotValid("consent", CHECK),
        ValidateConstraint("consent", "accounts_consent_kind"),
    ]
