"""How many members stand where with the promises about their price: a few counts, whatever their number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from apps.memberships.models import Outcome, Price, PriceChange, PricePromise

_ANSWERS = {
    "held": Q(held_at__isnull=False),
    "agreed": Q(held_at=None, answer="agreed"),
    "refused": Q(held_at=None, answer="refused"),
    "unanswered": Q(held_at=None, answer=""),
    "protected": Q(protected_until__isnull=False),
}


def of_change(change: PriceChange) -> list[tuple[str, int]]:
    """(label, members) by outcome, and by answer for the open ones; empty when there are none. One query."""
    rows = (
        PricePromise.objects.filter(change=change)
        .order_by("outcome")
        .values("outcome")
        .annotate(n=Count("pk"), **{name: Count("pk", filter=condition) for name, condition in _ANSWERS.items()})
    )
    standing: list[tuple[str, int]] = []
    for row in rows:
        if row["outcome"] == Outcome.OPEN:
            standing += _open(row)
        else:
            standing.append((str(Outcome(row["outcome"]).label), row["n"]))
    return standing


def of_price(price: Price) -> list[str]:
    """What the members on a version were promised, one sentence for each planned change. One query."""
    rows = (
        PricePromise.objects.live()
        .filter(old_price=price)
        .order_by("change")
        .values("change")
        .annotate(n=Count("pk"), **{name: Count("pk", filter=condition) for name, condition in _ANSWERS.items()})
    )
    changes = PriceChange.objects.select_related("new_price__plan").in_bulk([row["change"] for row in rows])
    sentences = []
    for row in rows:
        change = changes[row["change"]]
        counts = ", ".join(f"{label}: {count}" for label, count in _open(row) if count)
        sentences.append(f"{change.effective_at:%Y-%m-%d}: → {change.new_price.amount} ({counts})")
    return sentences


def _open(row: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [
        (_("agreed"), row["agreed"]),
        (_("did not agree"), row["refused"]),
        (_("no answer yet"), row["unanswered"]),
        (_("held"), row["held"]),
        (_("of them protected for longer"), row["protected"]),
    ]
