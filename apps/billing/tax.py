"""Which tax rate applies, and who is taxed how."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction

from .models import BillingDetails, Seller, TaxRate, TaxRounding, TaxTreatment
from .models.tax import STANDARD
from .taxation import Taxation

if TYPE_CHECKING:
    from apps.accounts.models import User


class NoTaxRate(LookupError):
    """The shop knows no rate for this country on this day, so it cannot sell there."""

    def __init__(self, country: str, on: date, category: str = STANDARD) -> None:
        kind = "" if category == STANDARD else f"{category} "
        super().__init__(f"No {kind}tax rate for {country} on {on}")


def rate_for(country: str, on: date, *, category: str = STANDARD) -> TaxRate:
    """The rate of a country (ISO 3166 alpha-2) on a day. Raises NoTaxRate when there is none."""
    rate = TaxRate.objects.on(on).filter(country=country, category=category).first()
    if rate is None:
        raise NoTaxRate(country, on, category)
    return rate


def rates_on(on: date, *, category: str = STANDARD) -> dict[str, int]:
    """Basis points by country on a day, in one statement: for batches."""
    return dict(TaxRate.objects.on(on).filter(category=category).values_list("country", "basis_points"))


@transaction.atomic
def put_in_force(rate: TaxRate) -> None:
    """Store a new rate; the open one before it, if there is one, ends on the day on which this begins. Raises
    IntegrityError when another rate applies on one of its days."""
    before = TaxRate.objects.filter(country=rate.country, category=rate.category, valid_to=None)
    before.filter(valid_from__lt=rate.valid_from).update(valid_to=rate.valid_from)
    rate.save()


class Assessor:
    """Says how each customer of a batch is taxed at `now`, and at what rate on which day.

    The seller and the details of all customers are read when it is made, one statement each; the rates once for each
    day that is asked for.
    """

    def __init__(self, customers: Iterable[User], *, now: datetime) -> None:
        seller = Seller.objects.current()
        ids = {customer.pk for customer in customers}
        found = BillingDetails.objects.filter(customer__any=ids)
        self._details = {details.customer_id: details for details in found}
        self._seller_country = seller.country
        self._rounding = TaxRounding(seller.tax_rounding)
        self._rates: dict[date, dict[str, int]] = {}
        self._now = now

    def taxation(self, customer: User, *, country: str = "") -> Taxation:
        """How the customer, one of the batch, is taxed, with what invoices keep of them; `country` is where it is
        taxed, for goods that go elsewhere than where the customer lives.

        A number that was not found registered is printed and changes nothing; nor does one count elsewhere than where
        its company is.
        """
        details = self._details.get(customer.pk)
        if details is None:
            return Taxation(rounding=self._rounding)
        proved = country in ("", customer.country) and details.proves_reverse_charge(
            country=customer.country, seller_country=self._seller_country, now=self._now
        )
        return Taxation(
            company=details.company,
            address=details.address,
            tax_number=details.tax_number,
            treatment=TaxTreatment.REVERSE_CHARGE if proved else TaxTreatment.STANDARD,
            rounding=self._rounding,
        )

    def rate(self, customer: User, *, on: date, country: str = "") -> int:
        """The standard rate of a country, or else of the customer's, on a day, in basis points, whoever accounts for
        it. Raises NoTaxRate."""
        taxed_in = country or customer.country
        if on not in self._rates:
            self._rates[on] = rates_on(on)
        try:
            return self._rates[on][taxed_in]
        except KeyError:
            raise NoTaxRate(taxed_in, on) from None
