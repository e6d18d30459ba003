"""Plans as cards and as a table, for the pricing page and the home page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.money import Money, round_half_up
from apps.memberships.models import Benefit, Plan, Price, Subscription

from .visitor import Standing

INTERVALS = ("month", "year")
type Book = list[tuple[Plan, dict[str, Price]]]


@dataclass(frozen=True, slots=True)
class PlanCard:
    """One plan on offer. `per_month` and `saving` (over twelve monthly payments) are given for yearly prices only.

    `is_current` marks the visitor's own plan; one plan is featured to visitors without a membership.
    """

    plan: Plan
    price: Price
    per_month: Money | None
    saving: Money | None
    is_current: bool
    is_featured: bool
    href: str
    label: str

    @property
    def picture(self) -> str:
        """Static path of the plan's picture."""
        return f"art/plans/{self.plan.illustration or self.plan.slug}.svg"

    @property
    def per(self) -> str:
        """What the amount is for: "a month", "a month plus VAT"."""
        every = _("a year") if self.price.interval_unit == "year" else _("a month")
        return every if self.price.tax_included else _("%(every)s plus VAT") % {"every": every}


@dataclass(frozen=True, slots=True)
class Row:
    """One benefit across all plans: a cell is True, False, or what the plan grants in words."""

    label: str
    cells: list[bool | str]


def book(*, currency: str, now: datetime) -> Book:
    """The plans on sale at `now`, lowest first, each with its newest prices in the currency by interval.

    Three queries, whatever the number of plans. A plan without a price in the currency is left out.
    """
    prices: dict[int, dict[str, Price]] = {}
    on_sale = Price.objects.on_sale(now).filter(currency=currency, interval_count=1)
    for price in on_sale.order_by("version"):
        prices.setdefault(price.plan_id, {})[price.interval_unit] = price
    plans = Plan.objects.on_sale().filter(group="membership").prefetch_related("benefits")
    return [(plan, prices[plan.pk]) for plan in plans if plan.pk in prices]


def cards(book: Book, *, interval: str, standing: Standing) -> list[PlanCard]:
    """The plans at their price for the interval. A free plan is shown at whatever interval it has; a paid one without a
    price for this interval is left out."""
    chosen = [(plan, _price(by_unit, interval), by_unit.get("month")) for plan, by_unit in book]
    featured = next((plan.pk for plan, price, _monthly in chosen if price and not price.is_free), None)
    return [
        _card(plan, price, monthly=monthly, featured=plan.pk == featured, standing=standing)
        for plan, price, monthly in chosen
        if price
    ]


def compare(plans: Iterable[Plan]) -> list[Row]:
    """The benefits of all plans, a row for each code, in the order in which the plans bring them."""
    plans = list(plans)
    by_code: dict[str, dict[int, Benefit]] = {}
    for plan in plans:
        for benefit in plan.benefits.all():
            by_code.setdefault(benefit.code, {})[plan.pk] = benefit
    return [_row(code, granted, plans) for code, granted in by_code.items()]


def largest_saving_percent(cards: Iterable[PlanCard]) -> int | None:
    """The most a yearly price saves against twelve months, in whole per cent, rounded down; None where nothing is."""
    shares = [card.saving.minor * 100 // (card.price.amount_minor + card.saving.minor) for card in cards if card.saving]
    return max(shares, default=None)


def _price(by_unit: dict[str, Price], interval: str) -> Price | None:
    return by_unit.get(interval) or next((price for price in by_unit.values() if price.is_free), None)


def _card(plan: Plan, price: Price, *, monthly: Price | None, featured: bool, standing: Standing) -> PlanCard:
    yearly = price.interval_unit == "year" and not price.is_free
    saving = None
    if yearly and monthly and monthly.tax_included == price.tax_included:
        saving = monthly.amount * 12 - price.amount
    href, label = _action(plan, price, standing=standing)
    return PlanCard(
        plan=plan,
        price=price,
        per_month=Money(round_half_up(price.per_month), price.currency) if yearly else None,
        saving=saving if saving and saving.minor > 0 else None,
        is_current=standing.plan == plan,
        is_featured=featured and standing.subscription is None,
        href=href,
        label=label,
    )


def _action(plan: Plan, price: Price, *, standing: Standing) -> tuple[str, str]:
    """Where the card's button leads, and what it says."""
    held = standing.subscription
    if held and held.price_id == price.pk:
        return reverse("account"), _("See your membership")
    # A free membership becomes a paid one by joining: it takes a card and the terms.
    if held and (price.is_free or not held.price.is_free):
        return f"{reverse('change_plan')}?price={price.pk}", _switch(plan, price, held=held)
    join = reverse("join", kwargs={"plan": plan.slug, "interval": price.interval_unit})
    return join, _("Join free") if price.is_free else _("Join %(plan)s") % {"plan": plan.name}


def _switch(plan: Plan, price: Price, *, held: Subscription) -> str:
    if held.plan_id != plan.pk:
        return _("Switch to %(plan)s") % {"plan": plan.name}
    return _("Pay yearly instead") if price.interval_unit == "year" else _("Pay monthly instead")


def _row(code: str, granted: dict[int, Benefit], plans: list[Plan]) -> Row:
    texts = {benefit.text for benefit in granted.values()}
    if len(texts) == 1:
        return Row(texts.pop(), [plan.pk in granted for plan in plans])
    label = code.replace("_", " ").replace("-", " ").capitalize()
    return Row(label, [granted[plan.pk].text if plan.pk in granted else False for plan in plans])
