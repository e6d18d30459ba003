"""A rehearsal's numbers in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.core.money import Money


def money(row: Mapping[str, Any], name: str) -> Money:
    """One amount of a row of a summary."""
    return Money(row[name], row["currency"])


def mails_of(summary: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Kinds of mail with how many leave, the most frequent first."""
    return sorted(summary["mails"].items(), key=lambda pair: (-pair[1], pair[0]))
