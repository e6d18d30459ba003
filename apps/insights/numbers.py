"""The shop's key numbers. Amounts come from prices and the books, never from what was planned."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.utils.translation import gettext as _

from apps.billing import tax
from apps.billing.models import Payment
from apps.billing.rules import tax_in
from apps.core.money import Money, round_half_up
from apps.memberships import rules
from apps.memberships.models import MEMBERSHIP, Origin, Period, Plan, Price, Status, Subscription
from apps.offers.models import Arm, Offer
from apps.offers.models import Kind as OfferKind
from apps.promotions.models import Duration, Promotion


def mrr(*, now: datetime) -> list[Money]:
    """Monthly recurring revenue at `now`, by currency: the recurring prices of active and past-due subscriptions, boxes
    too, times their quantity, without tax, per month (year / 12, week x 52 / 12). Discounts that last for ever lower
    it; others do not. Free trials are not revenue yet, and paused, gift and complimentary ones do not recur: they do
    not count. Rounded once, half up, for each currency.
    """
    groups = list(
        Subscription.objects.open_at(now)
        .filter(price__amount_minor__gt=0, origin=Origin.PURCHASE)
        .exclude(status=Status.TRIALING)
        .order_by()
        .values_list("price", "quantity", "promotion", "customer__country")
        .annotate(members=Count("pk"))
    )
    prices = Price.objects.in_bulk({price for price, *_rest in groups})
    lasting = Promotion.objects.filter(duration=Duration.FOREVER).in_bulk({row[2] for row in groups if row[2]})
    rates = tax.rates_on(now.date())
    totals: dict[str, Fraction] = defaultdict(Fraction)
    for price_id, quantity, promotion_id, country, members in groups:
        price = prices[price_id]
        amount = rules.discounted(price, lasting.get(promotion_id), quantity=quantity)
        net = amount - tax_in(amount, rates.get(country, 0)) if price.tax_included else amount
        totals[price.currency] += Fraction(net * members) / price.interval.months_per_interval
    return [Money(round_half_up(total), currency) for currency, total in sorted(totals.items())]


@dataclass(frozen=True, slots=True)
class PlanCount:
    """Members of one plan: those entitled to it, those among them behind with a payment, and those about to leave."""

    plan: str
    members: int
    past_due: int
    leaving: int
    percent: int


def members_by_plan(*, now: datetime) -> list[PlanCount]:
    """Every plan of the membership, highest first, with its members and its share of all members in percent."""
    counts = {
        row["plan"]: row
        for row in Subscription.objects.open_at(now)
        .filter(plan_group=MEMBERSHIP)
        .order_by()
        .values("plan")
        .annotate(
            members=Count("pk"),
            past_due=Count("pk", filter=Q(status="past_due")),
            leaving=Count("pk", filter=Q(ends_at__isnull=False, term_ends_at=None)),
        )
    }
    whole = sum(row["members"] for row in counts.values()) or 1
    nobody = {"members": 0, "past_due": 0, "leaving": 0}
    rows = [(plan, counts.get(plan.pk, nobody)) for plan in Plan.objects.filter(group=MEMBERSHIP).order_by("-rank")]
    return [
        PlanCount(
            plan.name_i18n,
            row["members"],
            row["past_due"],
            row["leaving"],
            round_half_up(Fraction(100 * row["members"], whole)),
        )
        for plan, row in rows
    ]


def collected(*, since: datetime, until: datetime) -> list[Money]:
    """Money taken by successful payments in `(since, until]`, by currency."""
    rows = (
        Payment.objects.succeeded()
        .filter(settled_at__gt=since, settled_at__lte=until)
        .order_by("currency")
        .values("currency")
        .annotate(total=Sum("amount_minor"))
    )
    return [Money(row["total"], row["currency"]) for row in rows]


def joined_and_left(*, since: datetime, until: datetime) -> tuple[int, int]:
    """Paid memberships that started and that ended in `(since, until]`, without gifts, and without trials that nothing
    was billed for."""
    billed = Period.objects.filter(subscription=OuterRef("pk"))
    bought = Subscription.objects.filter(plan_group=MEMBERSHIP, price__amount_minor__gt=0, origin=Origin.PURCHASE)
    paid = bought.filter(Exists(billed))
    return (
        paid.filter(started_at__gt=since, started_at__lte=until).count(),
        paid.filter(started_at__isnull=False, ended_at__gt=since, ended_at__lte=until).count(),
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """How many of those who were offered something did it, beside those who were not shown the offer."""

    kind: str
    shown: int
    shown_did: int
    control: int
    control_did: int

    # Below this a share says more about chance than about the offer.
    ENOUGH = 30

    @property
    def label(self) -> str:
        return str(OfferKind(self.kind).label)

    @property
    def is_enough(self) -> bool:
        return min(self.shown, self.control) >= self.ENOUGH

    @property
    def verdict(self) -> str:
        """The difference in percentage points, or that nothing can be said yet."""
        if not self.is_enough:
            return _("Not enough data")
        points = round_half_up(100 * (Fraction(self.shown_did, self.shown) - Fraction(self.control_did, self.control)))
        return _("%(points)+d percentage points") % {"points": points}


def effects() -> list[Effect]:
    """For each kind of offer: customers in each arm and how many of them took the step. Only closed offers count."""
    counts: dict[str, Counter] = defaultdict(Counter)
    rows = (
        Offer.objects.exclude(status="open")
        .order_by()
        .values("kind", "arm")
        .annotate(
            made=Count("customer", distinct=True),
            did=Count("customer", filter=Q(converted_at__isnull=False), distinct=True),
        )
    )
    for row in rows:
        counts[row["kind"]][row["arm"]] = row["made"]
        counts[row["kind"]][row["arm"], "did"] = row["did"]
    return [
        Effect(kind, arms[Arm.TREATMENT], arms[Arm.TREATMENT, "did"], arms[Arm.CONTROL], arms[Arm.CONTROL, "did"])
        for kind, arms in sorted(counts.items())
    ]
