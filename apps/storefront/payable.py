"""An amount, and how it is paid: credit first, the card for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from apps.core.money import Money


@dataclass(frozen=True, slots=True)
class Payable:
    """What is owed with tax, and the credit that is used up before the card is charged."""

    total: Money
    credit: Money

    @classmethod
    def after_credit(cls, total: Money, *, balance: Money) -> Self:
        """As issuing an invoice does it: as much of the customer's credit as the total takes."""
        return cls(total, min(total, balance))

    @property
    def due(self) -> Money:
        """What the card is charged."""
        return self.total - self.credit
