"""Who is looking: what a visitor's membership lets them see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.memberships.models import Plan, Subscription

# The code of the benefit that opens the members' prices.
MEMBER_PRICES = "member-prices"


@dataclass(frozen=True, slots=True)
class Standing:
    """A visitor's membership at one instant; a visitor without one has rank 0 and no subscription."""

    subscription: Subscription | None = None

    @property
    def plan(self) -> Plan | None:
        return self.subscription.plan if self.subscription else None

    @property
    def rank(self) -> int:
        return self.plan.rank if self.plan else 0

    @property
    def currency(self) -> str | None:
        """The currency of a paid membership, which a change of plan keeps; None for other visitors."""
        price = self.subscription.price if self.subscription else None
        return price.currency if price and not price.is_free else None

    @property
    def has_member_prices(self) -> bool:
        return bool(self.plan and self.plan.benefit(MEMBER_PRICES))


def standing(user, *, now: datetime) -> Standing:
    """The visitor's standing at `now`. Two queries for a member, one for others signed in, none for the rest."""
    if not user.is_authenticated:
        return Standing()
    memberships = Subscription.objects.open_at(now).filter(customer=user, plan_group="membership")
    found = memberships.select_related("plan", "price").prefetch_related("plan__benefits").order_by("-plan__rank")
    return Standing(found.first())
