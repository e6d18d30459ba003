"""What a customer is shown and agrees to, fresh from the quote or read back from the record of the sign-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from babel.numbers import format_percent
from django.utils.translation import get_language, to_locale

from apps.billing.models import TaxTreatment
from apps.core.money import Money

from .payable import Payable


def percent(basis_points: int) -> str:
    """A rate as people of the active language write it: "22%"."""
    rate = Decimal(basis_points) / 10_000
    return format_percent(rate, format="#,##0.##%", locale=to_locale(get_language() or "en"))


@dataclass(frozen=True, slots=True)
class AgreedLine:
    label: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Agreed:
    """The first charge and the one after it, if there is one; totals include the tax that is charged, instants are UTC.

    `adds_tax`: the lines are without tax, and `net` is their sum. `reverse_charge`: no tax is charged, the customer
    accounts for it under `tax_number`. During a free trial nothing is charged first, and the next charge is the first
    one. `ends_at` is when the membership ends by itself.
    """

    lines: list[AgreedLine]
    first: Payable
    net: Money
    tax: Money
    tax_basis_points: int
    adds_tax: bool
    reverse_charge: bool
    tax_number: str
    next_charge_at: datetime | None
    next_total: Money | None
    quantity: int
    trial_days: int
    ends_at: datetime | None

    @property
    def total(self) -> Money:
        return self.first.total

    @property
    def rate(self) -> str:
        """The tax rate in per cent, as people write it: "22%"."""
        return percent(self.tax_basis_points)

    @classmethod
    def read(cls, quote: dict, *, balance: Money) -> Self:
        """From `quotes.FirstCharge.as_json()`, fresh or as stored with the sign-up. `balance` is the customer's credit,
        which pays first."""
        currency = quote["currency"]
        return cls(
            lines=[AgreedLine(line["description"], Money(line["amount_minor"], currency)) for line in quote["lines"]],
            first=Payable.after_credit(Money(quote["total_minor"], currency), balance=balance),
            net=Money(quote["net_minor"], currency),
            tax=Money(quote["tax_minor"], currency),
            tax_basis_points=quote["tax_basis_points"],
            adds_tax=quote["adds_tax"],
            reverse_charge=quote["treatment"] == TaxTreatment.REVERSE_CHARGE,
            tax_number=quote["tax_number"],
            next_charge_at=_instant(quote["next_charge_at"]),
            next_total=None if quote["next_total_minor"] is None else Money(quote["next_total_minor"], currency),
            quantity=quote.get("quantity", 1),
            trial_days=quote.get("trial_days", 0),
            ends_at=_instant(quote.get("ends_at")),
        )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
