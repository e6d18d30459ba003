"""What members have paid so far and what it earned them, for a whole batch at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Sum

from apps.billing.models import Invoice
from apps.core.money import Money, round_half_up
from apps.loyalty import rules as loyalty
from apps.loyalty.models import EarningRule, Kind, PointsEntry
from apps.memberships.models import Plan
from apps.memberships.services.points import EARNING_LINES

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

_KEY = "earn:invoice:"  # the key under which memberships gives the points of an invoice


class _Eligible(TypedDict):
    eligible: int


@dataclass(frozen=True, slots=True)
class Earning:
    """One invoice that earned points: the share of it that counted, the rule of its day, and the points given."""

    paid: Money
    points_per_unit: int
    points: int

    def missed(self, points_percent: int) -> int:
        """The points that a plan with this multiplier would have earned more on the same payment; never negative."""
        would = loyalty.points_for(self.paid, points_percent, points_per_unit=self.points_per_unit)
        return max(0, would - self.points)


def enough(points: int) -> QuerySet[Any, Any]:
    """For the customer of the outer query: a row when what they earned so far could have been so many points more.

    A bound, without reading invoices, as the plans are now: none multiplies by more than the best one, and none that
    gave points by less than the smallest; each entry was rounded once then and is rounded once now.
    """
    multipliers = Plan.objects.filter(points_percent__gt=0).aggregate(
        best=Max("points_percent"), least=Min("points_percent")
    )
    best, least = multipliers["best"] or 1, multipliers["least"] or 1
    earned = PointsEntry.objects.filter(customer=OuterRef("customer"), kind=Kind.EARN, key__startswith=_KEY).order_by()
    # All times `least`: sum x (best / least - 1) + entries x (best / least + 1) >= points.
    most = Sum("points") * (best - least) + Count("pk") * (best + least)
    return earned.values("customer").annotate(most=most).filter(most__gte=points * least).values("customer")


def earnings(customer_ids: Collection[int]) -> dict[int, list[Earning]]:
    """All that each of the customers earned by paying for a membership. Three statements, whatever their number."""
    entries = PointsEntry.objects.filter(customer__any=customer_ids, kind=Kind.EARN, key__startswith=_KEY).values_list(
        "customer_id", "key", "points", "at"
    )
    given = [(customer, int(key.removeprefix(_KEY)), points, at) for customer, key, points, at in entries]
    invoices = (
        Invoice.objects.filter(pk__any=[invoice for _customer, invoice, _points, _at in given])
        .annotate(eligible=Sum("lines__amount_minor", filter=Q(lines__kind__in=EARNING_LINES)))
        .in_bulk()
    )
    rules = list(EarningRule.objects.order_by("-valid_from"))
    found: dict[int, list[Earning]] = defaultdict(list)
    for customer, invoice_id, points, at in given:
        found[customer].append(Earning(_counted(invoices[invoice_id]), _points_per_unit(rules, at), points))
    return found


def _counted(invoice: WithAnnotations[Invoice, _Eligible]) -> Money:
    """The share of the membership lines that was paid by card, as it counted when the points were given."""
    return Money(round_half_up(Fraction(invoice.eligible * invoice.due_minor, invoice.total_minor)), invoice.currency)


def _points_per_unit(rules: list[EarningRule], at: datetime) -> int:
    rule = next((rule for rule in rules if rule.valid_from <= at), None)
    return rule.points_per_unit if rule else loyalty.DEFAULT_POINTS_PER_UNIT
