"""What is looked for from the start, and from which jump of an amount on."""

from django.db import migrations

RULES = {
    "double-plan": None,
    "amount-jump": 20,
    "unagreed-price": None,
    "missing-card": None,
    "card-expires": None,
    "missing-tax-rate": None,
    "missing-notice": None,
    "parked": None,
    "work-failed": None,
}


def create(apps, schema_editor) -> None:
    rule = apps.get_model("insights", "AnomalyRule")
    rule.objects.bulk_create(rule(kind=kind, threshold_percent=percent) for kind, percent in RULES.items())


class Migration(migrations.Migration):

    dependencies = [("insights", "0001_rehearsals")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
