"""A rehearsal's numbers in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from apps.core.money import Money
from apps.memberships.models import EndReason

_ENDINGS = dict(EndReason.choices)


def money(row: Mapping[str, Any], name: str) -> Money:
    """One amount of a row of a summary."""
    return Money(row[name], row["currency"])


def amounts(row: Mapping[str, Any]) -> dict[str, Any]:
    """A day, or a total, with its amounts as money and its date as a date."""
    named = {name: money(row, name) for name in ("billed", "credit", "collected", "at_risk")}
    return {**row, **named, "day": date.fromisoformat(row["day"]) if row["day"] else None}


def tax(row: Mapping[str, Any]) -> dict[str, Any]:
    """Net and tax of a country as money."""
    return {**row, "net": money(row, "net"), "tax": money(row, "tax")}


def mails_of(summary: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Kinds of mail with how many leave, the most frequent first."""
    return sorted(summary["mails"].items(), key=lambda pair: (-pair[1], pair[0]))


def endings_of(summary: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Why memberships end, with how many do."""
    return [(str(_ENDINGS.get(reason, reason)), count) for reason, count in sorted(summary["endings"].items())]


def signed(money: Money) -> str:
    """A difference with its sign: "+€12.00"; nothing where there is none."""
    if not money.minor:
        return ""
    return f"+{money}" if money.minor > 0 else _("−%(amount)s") % {"amount": -money}
