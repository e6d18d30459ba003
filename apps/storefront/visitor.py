"""Who is looking: what a visitor's membership lets them see."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.http import HttpRequest

from apps.core.models import Edition, Marks
from apps.core.statements import Statement
from apps.memberships.models import MEMBERSHIP, Plan, Subscription, TrialUse

from . import house, kept


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
    def member_since(self) -> datetime | None:
        """When the membership began; None without one."""
        return (self.subscription.started_at or self.subscription.created_at) if self.subscription else None


def standing(user, *, now: datetime) -> Standing:
    """The visitor's standing at `now`. One query for somebody who is signed in, none for the rest."""
    if not user.is_authenticated:
        return Standing()
    memberships = Subscription.objects.open_at(now).filter(customer=user, plan_group=MEMBERSHIP)
    return Standing(memberships.select_related("plan", "price").order_by("-plan__rank").first())


@dataclass(frozen=True, slots=True)
class Sees:
    """What decides what the pages of the catalogue show to a visitor. One without a membership has rank 0."""

    is_known: bool = False
    plan_id: int | None = None
    rank: int = 0
    price_id: int | None = None
    pays: bool = False
    member_since: datetime | None = None


def sees(request: HttpRequest, *, now: datetime) -> Sees:
    """What decides at `now` what the visitor sees, asked once for each request: one small query for somebody who is
    signed in, none for the rest. The marks come with it."""
    found = getattr(request, "sees", None)
    if found is None:
        found = request.sees = _sees(request, now)  # type: ignore[attr-defined]
    return found


def _sees(request: HttpRequest, now: datetime) -> Sees:
    user = request.user
    if not user.is_authenticated:
        return Sees()
    found = _HELD.first(customer=user.pk, now=now)
    assert found is not None
    mark, counts, held = found
    kept.begin(request, marks=Marks(str(mark), str(counts)))
    if held is None:
        return Sees(is_known=True)
    membership = json.loads(held)
    amount, since = membership.pop("amount"), datetime.fromisoformat(membership.pop("since"))
    return Sees(is_known=True, pays=amount > 0, member_since=since, **membership)


def _held(customer: int, now: datetime) -> QuerySet:
    """The marks, which are there whether there is a membership or not, and what is needed of the membership."""
    held = Subscription.objects.open_at(now).filter(customer=customer, plan_group=MEMBERSHIP).order_by()
    found = JSONObject(
        plan_id="plan",
        rank="plan__rank",
        price_id="price",
        amount="price__amount_minor",
        since=Coalesce("started_at", "created_at"),
    )
    return Edition.objects.values_list("mark", "counts", Subquery(held.values(found=found)[:1]))


_HELD = Statement(_held, customer=int, now=datetime)


@dataclass(frozen=True, slots=True)
class Perks:
    """What a visitor's plan gives in front of a price; nothing without a plan. `points_per_unit` are the points that
    each whole unit of money earns by the rule in force."""

    plan: Plan | None = None
    has_member_prices: bool = False
    points_per_unit: int = 0


def perks(request: HttpRequest, *, now: datetime) -> Perks:
    """What the visitor's plan gives them at `now`. At most one query, after an edit."""
    plan_id = sees(request, now=now).plan_id
    if plan_id is None:
        return Perks()
    terms = house.terms(request)
    plan = terms.plans[plan_id]
    return Perks(plan, plan.opens_member_prices, terms.points_per_unit(now))  # type: ignore[attr-defined]


def with_trials(standing: Standing, user, groups: Collection[str]) -> Standing:
    """The standing of a visitor who is about to be shown free trials of these groups. One query, for somebody who is
    signed in and does not pay yet; none where nothing can be tried."""
    if not groups or not user.is_authenticated or standing.pays:
        return standing
    return replace(standing, may_try=not TrialUse.objects.by(user, groups=groups).exists())
