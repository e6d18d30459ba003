"""Who is looking: what a visitor's membership lets them see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from apps.memberships.models import Plan, Subscription, TrialUse

# The code of the benefit that opens the members' prices.
MEMBER_PRICES = "member-prices"


@dataclass(frozen=True, slots=True)
class Standing:
    """A visitor's membership at one instant; a visitor without one has rank 0 and no subscription.

    `may_try` is False for somebody who had a free trial, or whose card had one.
    """

    subscription: Subscription | None = None
    may_try: bool = True

    @property
    def plan(self) -> Plan | None:
        return self.subscription.plan if self.subscription else None

    @property
    def rank(self) -> int:
        return self.plan.rank if self.plan else 0

    @property
    def pays(self) -> bool:
        """Whether the membership is one that is paid for, now or when its trial ends."""
        return self.subscription is not None and not self.subscription.price.is_free

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


def with_trials(standing: Standing, user, groups: Collection[str]) -> Standing:
    """The standing of a visitor who is about to be shown free trials of these groups. One query, for somebody who is
    signed in and does not pay yet; none where nothing can be tried."""
    if not groups or not user.is_authenticated or standing.pays:
        return standing
    return replace(standing, may_try=not TrialUse.objects.by(user, groups=groups).exists())
