"""The bars of a rehearsal: what is billed on each day, by currency, with the part at risk on top. Pure geometry: the
page draws it as SVG."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from apps.core.money import Money

WIDTH, HEIGHT = 720, 160
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One day (UTC), in units of the picture, measured from its top left corner."""

    day: date
    billed: Money
    at_risk: Money
    x: int
    width: int
    good_y: int
    good_height: int
    risk_y: int
    risk_height: int


@dataclass(frozen=True, slots=True)
class Chart:
    currency: str
    highest: Money
    bars: list[Bar]
    width: int = WIDTH
    height: int = HEIGHT


def charts(days: Iterable[Mapping[str, Any]], *, since: datetime, until: datetime) -> list[Chart]:
    """One chart for each currency in which something is billed; every day from `since` to just before `until` has its
    place. Each chart has a scale of its own."""
    by_currency: dict[str, dict[date, Mapping[str, Any]]] = defaultdict(dict)
    for row in days:
        by_currency[row["currency"]][date.fromisoformat(row["day"])] = row
    calendar = _calendar(since, until)
    return [
        _chart(currency, rows, calendar)
        for currency, rows in sorted(by_currency.items())
        if any(row["billed"] for row in rows.values())
    ]


def _calendar(since: datetime, until: datetime) -> list[date]:
    return [since.date() + number * _DAY for number in range((until.date() - since.date()).days)]


def _chart(currency: str, rows: Mapping[date, Mapping[str, Any]], calendar: list[date]) -> Chart:
    highest = max(row["billed"] for row in rows.values())
    step = max(1, WIDTH // len(calendar))
    bars = []
    for place, day in enumerate(calendar):
        row = rows.get(day)
        if row is None or not row["billed"]:
            continue
        whole = max(1, HEIGHT * row["billed"] // highest)
        risk = HEIGHT * row["at_risk"] // highest
        bars.append(
            Bar(
                day=day,
                billed=Money(row["billed"], currency),
                at_risk=Money(row["at_risk"], currency),
                x=place * step,
                width=max(1, step - 2),
                good_y=HEIGHT - whole + risk,
                good_height=whole - risk,
                risk_y=HEIGHT - whole,
                risk_height=risk,
            )
        )
    return Chart(currency, Money(highest, currency), bars)
