"""Which tax rate applies."""

from __future__ import annotations

from datetime import date

from .models import TaxRate
from .models.tax import STANDARD


class NoTaxRate(LookupError):
    """The shop knows no rate for this country on this day, so it cannot sell there."""


def rate_for(country: str, on: date, *, category: str = STANDARD) -> TaxRate:
    """The rate of a country (ISO 3166 alpha-2) on a day. Raises NoTaxRate when there is none."""
    rate = TaxRate.objects.on(on).filter(country=country, category=category).first()
    if rate is None:
        raise NoTaxRate(f"No {category} tax rate for {country} on {on}")
    return rate


def rates_on(on: date, *, category: str = STANDARD) -> dict[str, int]:
    """Basis points by country on a day, in one statement: for batches."""
    return dict(TaxRate.objects.on(on).filter(category=category).values_list("country", "basis_points"))
