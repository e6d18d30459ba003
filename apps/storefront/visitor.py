"""Who is looking: what a visitor's membership lets them see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Subquery

from apps.loyalty import rules as points_rules
from apps.loyalty.models import EarningRule
from apps.memberships.models import MEMBER_PRICES, MEMBERSHIP, Benefit, Plan, Subscription, TrialUse


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
        return bool(self.subscription and getattr(self.subscription, "opens_member_prices", False))

    @property
    def points_per_unit(self) -> int | None:
        """The points that each whole unit of money earns by the rule in force; None for visitors without a plan."""
        if self.subscription is None:
            return None
        found = getattr(self.subscription, "points_per_unit", None)
        return points_rules.DEFAULT_POINTS_PER_UNIT if found is None else found

    @property
    def member_since(self) -> datetime | None:
        """When the membership began; None without one."""
        return (self.subscription.started_at or self.subscription.created_at) if self.subscription else None


def standing(user, *, now: datetime) -> Standing:
    """The visitor's standing at `now`. One query for somebody who is signed in, none for the rest."""
    if not user.is_authenticated:
        return Standing()
    memberships = Subscription.objects.open_at(now).filter(customer=user, plan_group=MEMBERSHIP)
    grants = Benefit.objects.granting(MEMBER_PRICES).filter(plan=OuterRef("plan"))
    rule = EarningRule.objects.filter(valid_from__lte=now).order_by("-valid_from").values("points_per_unit")[:1]
    # What a page needs besides the plan comes with it: a query of its own would cost more than all of them.
    found = memberships.annotate(opens_member_prices=Exists(grants), points_per_unit=Subquery(rule))
    return Standing(found.select_related("plan", "price").order_by("-plan__rank").first())


class Sees(NamedTuple):
    """What decides what a visitor sees: the same key for two who see the same, and whether they pay for it."""

    key: str
    pays: bool


def sees(user, *, by_tenure: bool, now: datetime) -> Sees:
    """What decides at `now` what the pages of the catalogue show to the visitor, beside the catalogue itself;
    `by_tenure` where it matters since when they are a member. One small query for somebody who is signed in, none for
    the rest."""
    if not user.is_authenticated:
        return Sees("visitor", pays=False)
    held = Subscription.objects.open_at(now).filter(customer=user.pk, plan_group=MEMBERSHIP).order_by()
    # Plans, their benefits and the rules of points are edited by staff, which makes another edition.
    found = held.values_list("plan_id", "price_id", "price__amount_minor", "started_at", "created_at").first()
    if found is None:
        return Sees("customer", pays=False)
    plan_id, price_id, amount, started_at, created_at = found
    since = (started_at or created_at) if by_tenure else ""
    return Sees(f"member {plan_id} {price_id} {since}", pays=amount > 0)


def with_trials(standing: Standing, user, groups: Collection[str]) -> Standing:
    """The standing of a visitor who is about to be shown free trials of these groups. One query, for somebody who is
    signed in and does not pay yet; none where nothing can be tried."""
    if not groups or not user.is_authenticated or standing.pays:
        return standing
    return replace(standing, may_try=not TrialUse.objects.by(user, groups=groups).exists())
