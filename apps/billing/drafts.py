"""What is handed to `invoices.issue`: an invoice before it has a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import rules

if TYPE_CHECKING:
    from apps.accounts.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """One line; amounts in minor units, tax included. `inputs` are what `rules.recompute` needs, and what a reader
    wants.

    A line with a service period is deferred revenue, one without is revenue at once. `description` is in the customer's
    language.
    """

    kind: str
    description: str
    amount_minor: int
    tax_basis_points: int
    quantity: int = 1
    unit_minor: int | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tax_minor(self) -> int:
        """The tax inside the amount."""
        return rules.tax_in(self.amount_minor, self.tax_basis_points)

    @property
    def net_minor(self) -> int:
        """The amount without its tax."""
        return self.amount_minor - self.tax_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An invoice to issue. `key` names the occasion: a second invoice with it is refused by the database.

    `card_id` None means the customer's default card at the moment of collection. `on_session`: the customer is present
    and the caller will call `collection.collect_now`; otherwise the sweep collects from `collect_at` on. `scope` is the
    seller's own short name of what is sold, by which a dunning policy may be chosen.
    """

    customer: User
    key: str
    currency: str
    reason: str
    lines: list[LineDraft]
    card_id: int | None = None
    on_session: bool = False
    collect_at: datetime | None = None
    scope: str = ""

    @property
    def total_minor(self) -> int:
        """The sum of the lines, tax included."""
        return sum(line.amount_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        """The sum of the lines' tax."""
        return sum(line.tax_minor for line in self.lines)
