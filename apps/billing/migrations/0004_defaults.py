"""The data a shop starts with: standard VAT rates, one invoice series, one dunning policy."""

from datetime import UTC, date, datetime

from django.db import migrations

# Standard rates by country: (basis points, first day). Where no change falls after it, the table begins on BEGINNING,
# before any invoice of any shop. Source: European Commission, "VAT rates applied in the Member States" (Taxes in Europe
# Database), and each state's finance act for the later changes. The United States has no federal VAT; a seller with
# nexus adds states' sales tax as rates of its own.
BEGINNING = date(2022, 1, 1)
RATES = {
    "AT": [(2000, BEGINNING)],
    "BE": [(2100, BEGINNING)],
    "BG": [(2000, BEGINNING)],
    "CY": [(1900, BEGINNING)],
    "CZ": [(2100, BEGINNING)],
    "DE": [(1900, BEGINNING)],
    "DK": [(2500, BEGINNING)],
    "EE": [(2000, BEGINNING), (2200, date(2024, 1, 1)), (2400, date(2025, 7, 1))],
    "ES": [(2100, BEGINNING)],
    "FI": [(2400, BEGINNING), (2550, date(2024, 9, 1))],
    "FR": [(2000, BEGINNING)],
    "GR": [(2400, BEGINNING)],
    "HR": [(2500, BEGINNING)],
    "HU": [(2700, BEGINNING)],
    "IE": [(2300, BEGINNING)],
    "IT": [(2200, BEGINNING)],
    "LT": [(2100, BEGINNING)],
    "LU": [(1700, BEGINNING), (1600, date(2023, 1, 1)), (1700, date(2024, 1, 1))],
    "LV": [(2100, BEGINNING)],
    "MT": [(1800, BEGINNING)],
    "NL": [(2100, BEGINNING)],
    "PL": [(2300, BEGINNING)],
    "PT": [(2300, BEGINNING)],
    "RO": [(1900, BEGINNING), (2100, date(2025, 8, 1))],
    "SE": [(2500, BEGINNING)],
    "SI": [(2200, BEGINNING)],
    "SK": [(2000, BEGINNING), (2300, date(2025, 1, 1))],
    "US": [(0, BEGINNING)],
}


def fill(apps, schema_editor):
    rate = apps.get_model("billing", "TaxRate")
    rate.objects.bulk_create(
        rate(country=country, category="standard", basis_points=points, valid_from=start, valid_to=end)
        for country, steps in RATES.items()
        for (points, start), end in zip(steps, [start for _, start in steps[1:]] + [None], strict=True)
    )
    apps.get_model("billing", "InvoiceSeries").objects.create(code="main", prefix="OR-")
    apps.get_model("billing", "DunningPolicy").objects.create(
        name="standard",
        is_default=True,
        retry_days=[1, 3, 5, 7],
        mail_days=[6],
        grace_days=3,
        created_at=datetime(2022, 1, 1, tzinfo=UTC),
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_guards")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
