"""The plans of the demo shop. Calling it again changes nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.db import transaction

from apps.core import translations

from .models import Benefit, Plan, Price

# Their texts in the other languages, by slug.
_DATA = Path(__file__).parent / "demo_data"

PLANS: list[dict[str, Any]] = [
    {
        "slug": "seedling",
        "name": "Seedling",
        "rank": 1,
        "tagline": "Start here, free for as long as you like.",
        "description": "For a first lemon on a sunny sill. You read the introductory guides, hear from us when it is "
        "time to repot or bring the pots in, and collect points on what you buy.",
        "points_percent": 100,
        "colour": "leaf",
        "prices": {("EUR", "month"): 0, ("USD", "month"): 0},
        "benefits": [
            ("season-calendar", "A calendar of what your tree needs, month by month", True),
            ("guides", "Introductory growing guides", {"rank": 1}),
            ("points", "5 points for each euro you spend", {"percent": 100}),
        ],
    },
    {
        "slug": "grove",
        "name": "Grove",
        "rank": 2,
        "tagline": "For a few trees you want to see in fruit.",
        "description": "Everything you need to keep citrus healthy in pots: the full set of care guides, member prices "
        "on trees and tools, and a person to ask when a leaf turns yellow.",
        "points_percent": 125,
        "colour": "lime",
        "prices": {
            ("EUR", "month"): 1200,
            ("EUR", "year"): 12000,
            ("USD", "month"): 1300,
            ("USD", "year"): 13000,
        },
        "benefits": [
            ("season-calendar", "A calendar of what your tree needs, month by month", True),
            ("guides", "All care guides: watering, feeding, pruning, pests", {"rank": 2}),
            ("points", "A quarter more points on everything", {"percent": 125}),
            ("member-prices", "Member prices on trees, pots and tools", True),
            ("ask", "Ask a gardener by mail, answered within two working days", {"answer_days": 2}),
        ],
    },
    {
        "slug": "conservatory",
        "name": "Conservatory",
        "rank": 3,
        "tagline": "For those who winter their trees under glass.",
        "description": "For a growing collection. Add the advanced guides on grafting and wintering, an hour with a "
        "gardener each season, and a box of seasonal supplies twice a year.",
        "points_percent": 150,
        "colour": "orange",
        "prices": {
            ("EUR", "month"): 2400,
            ("EUR", "year"): 24000,
            ("USD", "month"): 2600,
            ("USD", "year"): 26000,
        },
        "benefits": [
            ("season-calendar", "A calendar of what your tree needs, month by month", True),
            ("guides", "All guides, with grafting and wintering", {"rank": 3}),
            ("points", "Half as many points again on everything", {"percent": 150}),
            ("member-prices", "Member prices on trees, pots and tools", True),
            ("ask", "Ask a gardener by mail, answered the next working day", {"answer_days": 1}),
            ("gardener-hours", "One hour with a gardener by video each season", {"hours_a_year": 4}),
            ("seasonal-box", "The seasonal box in spring and autumn", {"boxes_a_year": 2}),
        ],
    },
    {
        "slug": "estate",
        "name": "Estate",
        "rank": 4,
        "tagline": "A gardener at your side, all year.",
        "description": "For a citrus garden or a house full of pots. A gardener who knows your trees, an hour every "
        "month, the seasonal box four times a year, and frost cover on every tree you buy from us.",
        "points_percent": 200,
        "colour": "blood-orange",
        "prices": {
            ("EUR", "month"): 5900,
            ("EUR", "year"): 59000,
            ("USD", "month"): 6400,
            ("USD", "year"): 64000,
        },
        "benefits": [
            ("season-calendar", "A calendar of what your tree needs, month by month", True),
            ("guides", "All guides, and the archive of our head gardener", {"rank": 4}),
            ("points", "Twice the points on everything", {"percent": 200}),
            ("member-prices", "Member prices on trees, pots and tools", True),
            ("ask", "Your own gardener, answering the same working day", {"answer_days": 0}),
            ("gardener-hours", "One hour with your gardener every month", {"hours_a_year": 12}),
            ("seasonal-box", "The seasonal box, four times a year", {"boxes_a_year": 4}),
            ("frost-cover", "Frost cover on every tree you buy from us", True),
        ],
    },
]


# What benefits are called where plans are compared, by their code.
LABELS = {
    "season-calendar": "Season calendar",
    "guides": "Guides",
    "points": "Points",
    "member-prices": "Member prices",
    "ask": "Ask a gardener",
    "gardener-hours": "Hours with a gardener",
    "seasonal-box": "The seasonal box",
    "frost-cover": "Frost cover",
}

# A parcel each period: what the catalogue calls a box, by the month or every three months. Nobody's benefits.
BOX_GROUP = "seasonal-box"
BOXES: list[dict[str, Any]] = [
    {
        "slug": "small-seasonal-box",
        "name": "Small seasonal box",
        "rank": 1,
        "tagline": "A crate of fruit and a jar, as you choose them.",
        "description": "Two kilos of fruit, picked the day before it leaves, and a jar from the same growers.",
        "prices": {("EUR", 1): 2400, ("EUR", 3): 2500, ("USD", 1): 2700, ("USD", 3): 2800},
    },
    {
        "slug": "large-seasonal-box",
        "name": "Large seasonal box",
        "rank": 2,
        "tagline": "Two crates of fruit, a jar, and something for your tree.",
        "description": "For a family, or for somebody who makes marmalade, with what a tree on the balcony needs next.",
        "prices": {("EUR", 1): 3900, ("EUR", 3): 4200, ("USD", 1): 4400, ("USD", 3): 4700},
    },
]

# What the demo shop sells beside the ordinary prices: the days of a free trial before the monthly price, and what three
# months cost in one payment.
TRIALS = {"estate": 14}
QUARTERLY = {("conservatory", "EUR"): 6600, ("conservatory", "USD"): 7200}


@transaction.atomic
def build_plans(*, now: datetime, trials: Mapping[str, int] = MappingProxyType({})) -> dict[str, Plan]:
    """The four plans with prices in euro and dollars on sale from `now`, by slug. Idempotent: what is there stays.

    `trials` gives the days of a free trial by slug, for the monthly prices.
    """
    return {
        facts["slug"]: _build(position, facts, trial_days=trials.get(facts["slug"], 0), now=now)
        for position, facts in enumerate(PLANS, start=1)
    }


@transaction.atomic
def build_quarterly(*, now: datetime) -> None:
    """Prices for three months at a time, on sale from `now`. Idempotent."""
    for (slug, currency), amount_minor in QUARTERLY.items():
        Price.objects.get_or_create(
            plan=Plan.objects.get(slug=slug),
            currency=currency,
            interval_unit="month",
            interval_count=3,
            term_periods=None,
            version=1,
            defaults={"amount_minor": amount_minor, "available_from": now},
        )


@transaction.atomic
def build_boxes(*, now: datetime) -> dict[str, Plan]:
    """The plans that send a box, with their prices on sale from `now`, by slug. Idempotent: what is there stays."""
    return {facts["slug"]: _build_box(position, facts, now=now) for position, facts in enumerate(BOXES, start=1)}


def _build_box(position: int, facts: dict, *, now: datetime) -> Plan:
    texts = {name: facts[name] for name in ("name", "rank", "tagline", "description")}
    terms = {"group": BOX_GROUP, "sends_goods": True, "max_quantity": 3, "pauses_per_year": 6, "points_percent": 100}
    plan, _created = Plan.objects.get_or_create(
        slug=facts["slug"],
        defaults={
            **texts,
            **terms,
            "i18n": _translated(facts["slug"]),
            "position": 100 + position,
            "illustration": facts["slug"],
        },
    )
    for (currency, months), amount_minor in facts["prices"].items():
        Price.objects.get_or_create(
            plan=plan,
            currency=currency,
            interval_unit="month",
            interval_count=months,
            term_periods=None,
            version=1,
            defaults={"amount_minor": amount_minor, "available_from": now},
        )
    return plan


def _build(position: int, facts: dict, *, trial_days: int, now: datetime) -> Plan:
    columns = {name: value for name, value in facts.items() if name not in ("slug", "prices", "benefits")}
    plan, _created = Plan.objects.get_or_create(
        slug=facts["slug"],
        defaults={
            **columns,
            "i18n": _translated(facts["slug"]),
            "position": position,
            "illustration": facts["slug"],
        },
    )
    for place, (code, text, value) in enumerate(facts["benefits"], start=1):
        granted = {"position": place, "text": text, "label": LABELS[code], "value": value}
        translated = {"i18n": _translated_benefit(plan.slug, code)}
        Benefit.objects.get_or_create(plan=plan, code=code, defaults=granted | translated)
    for (currency, unit), amount_minor in facts["prices"].items():
        Price.objects.get_or_create(
            plan=plan,
            currency=currency,
            interval_unit=unit,
            interval_count=1,
            term_periods=None,
            version=1,
            defaults={
                "amount_minor": amount_minor,
                "available_from": now,
                "trial_days": trial_days if unit == "month" else 0,
            },
        )
    return plan


def _translated(slug: str) -> dict[str, str]:
    """The texts of a plan in the other languages."""
    return {
        f"{text}_{language}": _texts(language)[slug][text]
        for language in translations.languages()
        for text in ("name", "tagline", "description")
    }


def _translated_benefit(slug: str, code: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for language in translations.languages():
        texts = _texts(language)
        found |= {f"text_{language}": texts[slug]["benefits"][code], f"label_{language}": texts["labels"][code]}
    return found


@cache
def _texts(language: str) -> dict:
    return tomllib.loads((_DATA / f"{language}.toml").read_text())
