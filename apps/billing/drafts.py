"""What is handed to `invoices.issue`: an invoice before it has a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .models.invoice import Supply
from .taxation import Settlement, Taxation

if TYPE_CHECKING:
    from apps.accounts.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """One line; amounts in minor units, with tax where `tax_included`, else without. `inputs` are what
    `rules.recompute` needs to come to `amount_minor`, and what a reader wants.

    `tax_basis_points` is the rate of the customer's country on the day of the service; whether it is charged is decided
    by the draft's taxation. `charged_tax_minor` is for a line that gives back: the tax that was charged then, as a part
    of the amount. `gives_back_of` are the lines (ids) of an earlier invoice of which such a line gives back a part: so
    much less of that invoice can be refunded.

    `supply` says whether goods are sent for it: on that depend the words of an invoice without tax.

    A line with a service period is deferred revenue, one without is revenue at once. `description` is in the customer's
    language.
    """

    kind: str
    description: str
    amount_minor: int
    tax_basis_points: int
    tax_included: bool = True
    charged_tax_minor: int | None = None
    quantity: int = 1
    unit_minor: int | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    gives_back_of: Sequence[int] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    supply: Supply = Supply.SERVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An invoice to issue. `key` names the occasion: a second invoice with it is refused by the database.

    `taxation` is how the customer is taxed, as the quote read it; `issue` reads it for the drafts that come without.
    `card_id` None means the customer's default card at the moment of collection. `on_session`: the customer is present
    and the caller will call `collection.collect_now`; otherwise the sweep collects from `collect_at` on. `scope` is the
    seller's own short name of what is sold, by which a dunning policy may be chosen. `country` is where it is taxed
    (ISO 3166 alpha-2), for goods that go elsewhere than where the customer lives.
    """

    customer: User
    key: str
    currency: str
    reason: str
    lines: list[LineDraft]
    taxation: Taxation | None = None
    card_id: int | None = None
    on_session: bool = False
    collect_at: datetime | None = None
    scope: str = ""
    country: str = ""

    def settle(self) -> Settlement:
        """The lines with their tax. Raises ValueError for a draft that does not say yet how it is taxed."""
        if self.taxation is None:
            raise ValueError(f"The draft {self.key} does not say how the customer is taxed")
        return self.taxation.settle(self.lines)
