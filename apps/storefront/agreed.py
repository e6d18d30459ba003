"""What a customer is shown and agrees to, fresh from the quote or read back from the record of the sign-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from babel.numbers import format_percent
from django.utils.translation import get_language, to_locale

from apps.core.money import Money

from .payable import Payable


@dataclass(frozen=True, slots=True)
class AgreedLine:
    label: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Agreed:
    """The first charge and the one after it, if there is one; amounts include tax, instants are UTC.

    During a free trial nothing is charged first, and the next charge is the first one. `ends_at` is when the membership
    ends by itself.
    """

    lines: list[AgreedLine]
    first: Payable
    tax: Money
    tax_basis_points: int
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
        rate = Decimal(self.tax_basis_points) / 10_000
        return format_percent(rate, format="#,##0.##%", locale=to_locale(get_language() or "en"))

    @classmethod
    def read(cls, quote: dict, *, balance: Money) -> Self:
        """From `quotes.FirstCharge.as_json()`, fresh or as stored with the sign-up. `balance` is the customer's credit,
        which pays first."""
        currency = quote["currency"]
        return cls(
            lines=[AgreedLine(line["description"], Money(line["amount_minor"], currency)) for line in quote["lines"]],
            first=Payable.after_credit(Money(quote["total_minor"], currency), balance=balance),
            tax=Money(quote["tax_minor"], currency),
            tax_basis_points=quote["tax_basis_points"],
            next_charge_at=_instant(quote["next_charge_at"]),
            next_total=None if quote["next_total_minor"] is None else Money(quote["next_total_minor"], currency),
            quantity=quote.get("quantity", 1),
            trial_days=quote.get("trial_days", 0),
            ends_at=_instant(quote.get("ends_at")),
        )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
