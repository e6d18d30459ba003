"""What all pages of the shop stand on until staff edit it: its rooms, and the terms of its memberships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL
from django.http import HttpRequest

from apps.catalog.models import Category
from apps.core.models import Edition
from apps.core.nested import Rows, compiled
from apps.loyalty import rules as points_rules
from apps.loyalty.models import EarningRule
from apps.memberships.models import MEMBER_PRICES, Benefit, Plan, Price

from . import kept


@dataclass(frozen=True, slots=True)
class Terms:
    """What plans give and cost in front of a product, whenever: plans by number, rules of points (the latest first),
    and the prices of a month with members' prices (the lowest first)."""

    plans: Mapping[int, Plan]
    rules: Sequence[EarningRule]
    prices: Sequence[Price]

    def points_per_unit(self, now: datetime) -> int:
        """The points that each whole unit of money earns by the rule in force at `now`."""
        in_force = (rule.points_per_unit for rule in self.rules if rule.valid_from <= now)
        return next(in_force, points_rules.DEFAULT_POINTS_PER_UNIT)

    def cheapest(self, currency: str, *, now: datetime) -> Price | None:
        """What a new member pays at least for a month with members' prices; None where nothing is on sale."""
        on_sale = (price for price in self.prices if price.currency == currency and price.is_available(now))
        return next(on_sale, None)

    def changes_at(self, now: datetime) -> datetime | None:
        """When any of it will be different, by the clock alone; None for never."""
        begins = [rule.valid_from for rule in self.rules] + [price.available_from for price in self.prices]
        ends = [price.closed_at for price in self.prices if price.closed_at is not None]
        return min((at for at in begins + ends if at > now), default=None)


def rooms(request: HttpRequest) -> list[Category]:
    """All rooms, each with the one that it is in and the first of its guides. After an edit one query for the whole
    house, none until the next."""
    return kept.read_part(request, "rooms", _read)


def terms(request: HttpRequest) -> Terms:
    """The terms of the memberships. After an edit one query for the whole house, none until the next."""
    return kept.read_part(request, "terms", _read)


def _read() -> dict[str, Any]:
    # The row of the edition is there and is one: the rest hangs on it.
    rooms, plans, rules, prices = Edition.objects.annotate(**_hung()).values_list(*_hung()).get()
    return {"rooms": rooms, "terms": Terms({plan.pk: plan for plan in plans}, rules, prices)}


@cache
def _hung() -> dict[str, RawSQL]:
    opens = Exists(Benefit.objects.granting(MEMBER_PRICES).filter(plan=OuterRef("pk")))
    prices = Price.objects.all().monthly_granting(MEMBER_PRICES).order_by("amount_minor", "-version")
    found = {
        "rooms": Rows(Category.objects.with_guides(), "parent"),
        "plans": Rows(Plan.objects.annotate(opens_member_prices=opens)),
        "rules": Rows(EarningRule.objects.order_by("-valid_from")),
        "prices": Rows(prices, "plan"),
    }
    return {name: compiled(Edition, rows) for name, rows in found.items()}
