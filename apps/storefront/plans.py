"""Plans as cards and as a table, for the pricing page and the home page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.money import Money, round_half_up
from apps.core.periods import Interval, Unit
from apps.memberships.models import MEMBERSHIP, Benefit, Plan, Price, Subscription

from .visitor import Standing

MONTH = Interval(Unit.MONTH)
ORDINARY = (MONTH, Interval(Unit.YEAR))
type Book = list[tuple[Plan, dict[str, Price]]]


@dataclass(frozen=True, slots=True)
class PlanCard:
    """One plan on offer. `per_month` and `saving` (over paying monthly) are given for intervals of several months only.

    `is_current` marks the visitor's own plan; one plan is featured to visitors without a membership. `trial_days` is
    the free trial of a visitor who may have one. `terms` are its prices that end by themselves, with where they lead.
    """

    plan: Plan
    price: Price
    per_month: Money | None
    saving: Money | None
    is_current: bool
    is_featured: bool
    href: str
    label: str
    trial_days: int
    terms: list[tuple[Price, str]]

    @property
    def picture(self) -> str:
        """Static path of the plan's picture."""
        return f"art/plans/{self.plan.illustration or self.plan.slug}.svg"

    @property
    def per(self) -> str:
        """What the amount is for: "a month", "a month plus VAT"."""
        return self.price.per


@dataclass(frozen=True, slots=True)
class Row:
    """One benefit across all plans: a cell is True, False, or what the plan grants in words."""

    label: str
    cells: list[bool | str]


def book(*, currency: str, now: datetime) -> Book:
    """The plans on sale at `now`, lowest first, each with its newest prices in the currency by their rhythm's code.

    Three queries, whatever the number of plans. A plan without a price in the currency is left out.
    """
    prices: dict[int, dict[str, Price]] = {}
    for price in Price.objects.on_sale(now).filter(currency=currency).order_by("version"):
        prices.setdefault(price.plan_id, {})[price.rhythm.code] = price
    plans = Plan.objects.on_sale().filter(group=MEMBERSHIP).prefetch_related("benefits")
    return [(plan, prices[plan.pk]) for plan in plans if plan.pk in prices]


def intervals(book: Book) -> list[Interval]:
    """How often the paid plans can be paid for, the shortest first; monthly and yearly when there is none."""
    found = {
        price.interval for _plan, by_code in book for price in by_code.values() if _renews(price) and not price.is_free
    }
    return sorted(found or ORDINARY, key=lambda interval: interval.days_per_interval)


def cards(book: Book, *, interval: str, standing: Standing) -> list[PlanCard]:
    """The plans at their price for the interval, by its code ("month"). A free plan is shown at whatever interval it
    has; a paid one without a price for this interval is left out."""
    chosen = [(plan, price, by_code) for plan, by_code in book if (price := _price(by_code, interval))]
    featured = next((plan.pk for plan, price, _prices in chosen if not price.is_free), None)
    return [
        _card(plan, price, by_code, featured=plan.pk == featured, standing=standing) for plan, price, by_code in chosen
    ]


def with_trial(book: Book) -> set[str]:
    """The groups of the plans that can be tried for free."""
    return {plan.group for plan, by_code in book if any(price.trial_days for price in by_code.values())}


def compare(plans: Iterable[Plan]) -> list[Row]:
    """The benefits of all plans, a row for each code, in the order in which the plans bring them."""
    plans = list(plans)
    by_code: dict[str, dict[int, Benefit]] = {}
    for plan in plans:
        for benefit in plan.benefits.all():
            by_code.setdefault(benefit.code, {})[plan.pk] = benefit
    return [_row(code, granted, plans) for code, granted in by_code.items()]


def largest_saving_percent(cards: Iterable[PlanCard]) -> int | None:
    """The most these prices save against paying monthly, in whole per cent, rounded down; None where nothing is."""
    shares = [card.saving.minor * 100 // (card.price.amount_minor + card.saving.minor) for card in cards if card.saving]
    return max(shares, default=None)


def _price(by_code: dict[str, Price], interval: str) -> Price | None:
    wanted = by_code.get(interval)
    return wanted if wanted and _renews(wanted) else next((p for p in by_code.values() if p.is_free), None)


def _renews(price: Price) -> bool:
    return price.term_periods is None


def _card(plan: Plan, price: Price, by_code: dict[str, Price], *, featured: bool, standing: Standing) -> PlanCard:
    months = price.interval.months_per_interval
    is_longer = months > 1 and months.denominator == 1 and not price.is_free
    monthly = by_code.get(MONTH.unit)
    saving = None
    if is_longer and monthly and monthly.tax_included == price.tax_included:
        saving = monthly.amount * int(months) - price.amount
    href, label = _action(plan, price, standing=standing)
    return PlanCard(
        plan=plan,
        price=price,
        per_month=Money(round_half_up(price.per_month), price.currency) if is_longer else None,
        saving=saving if saving and saving.minor > 0 else None,
        is_current=standing.plan == plan,
        is_featured=featured and standing.subscription is None,
        href=href,
        label=label,
        trial_days=_trial(price, standing=standing),
        terms=[(term, _action(plan, term, standing=standing)[0]) for term in by_code.values() if not _renews(term)],
    )


def _trial(price: Price, *, standing: Standing) -> int:
    """The days of the free trial with which this visitor would begin."""
    return price.trial_days if standing.may_try and not standing.pays else 0


def _action(plan: Plan, price: Price, *, standing: Standing) -> tuple[str, str]:
    """Where the card's button leads, and what it says."""
    held = standing.subscription
    if held and held.price_id == price.pk:
        return reverse("account"), _("See your membership")
    # A free membership becomes a paid one by joining: it takes a card and the terms.
    if held and (price.is_free or not held.price.is_free):
        return f"{reverse('change_plan')}?price={price.pk}", _switch(plan, price, held=held)
    join = reverse("join", kwargs={"plan": plan.slug, "interval": price.rhythm.code})
    if price.is_free:
        return join, _("Join free")
    days = _trial(price, standing=standing)
    if days:
        text = ngettext("Try %(plan)s free for %(days)d day", "Try %(plan)s free for %(days)d days", days)
        return join, text % {"plan": plan.name_i18n, "days": days}
    return join, _("Join %(plan)s") % {"plan": plan.name_i18n}


def _switch(plan: Plan, price: Price, *, held: Subscription) -> str:
    if held.plan_id != plan.pk:
        return _("Switch to %(plan)s") % {"plan": plan.name_i18n}
    named = {"month": _("Pay monthly instead"), "3-month": _("Pay quarterly instead"), "year": _("Pay yearly instead")}
    return named.get(price.rhythm.code) or _("Pay %(every)s instead") % {"every": price.every}


def _row(code: str, granted: dict[int, Benefit], plans: list[Plan]) -> Row:
    texts = {benefit.text_i18n for benefit in granted.values()}
    if len(texts) == 1:
        return Row(texts.pop(), [plan.pk in granted for plan in plans])
    written = (benefit.label_i18n for benefit in granted.values() if benefit.label)
    label = next(written, code.replace("_", " ").replace("-", " ").capitalize())
    return Row(label, [granted[plan.pk].text_i18n if plan.pk in granted else False for plan in plans])
