"""The history of an order only grows; and the ways to send parcels that a shop starts with."""

from django.db import migrations

from apps.core.append_only import protect

_UNION = [
    *["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE"],
    *["LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"],
]
# name, detail, countries, up to grams, cents, free from cents; the same in both currencies.
_RATES = [
    ("Standard", "2 to 3 working days", ["IT"], 30_000, 590, 7_500),
    ("Express", "Next working day", ["IT"], 10_000, 1_290, None),
    ("Freight", "By appointment, on a pallet", ["IT"], None, 4_900, None),
    ("Standard", "4 to 6 working days", _UNION, 30_000, 1_190, 15_000),
    ("Freight", "By appointment, on a pallet", _UNION, None, 9_900, None),
    ("International", "8 to 12 working days", ["US"], 30_000, 2_900, None),
]


def fill(apps, schema_editor):
    rate = apps.get_model("orders", "ShippingRate")
    rate.objects.bulk_create(
        rate(
            name=name,
            detail=detail,
            countries=countries,
            currency=currency,
            up_to_grams=grams,
            amount_minor=amount,
            free_from_minor=free_from,
            position=position,
        )
        for currency in ("EUR", "USD")
        for position, (name, detail, countries, grams, amount, free_from) in enumerate(_RATES)
    )


class Migration(migrations.Migration):

    dependencies = [("orders", "0001_orders")]

    operations = [protect("orders_orderhistory"), migrations.RunPython(fill, migrations.RunPython.noop)]
