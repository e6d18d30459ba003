"""What has changed since the rehearsal before: the amounts of each day that both lived through, and the anomalies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from apps.core.money import Money
from apps.insights.models import Anomaly, Rehearsal


@dataclass(frozen=True, slots=True)
class Change:
    """What is billed and collected on a day (UTC) more, or less, than was foreseen before."""

    day: date
    billed: Money
    collected: Money


@dataclass(frozen=True, slots=True)
class Comparison:
    """`before` is the earlier rehearsal. `changes` holds only days with a difference; `gone` the anomalies that would
    still lie ahead, and are not found any more."""

    before: Rehearsal
    changes: list[Change]
    new: list[Anomaly]
    gone: list[Anomaly]


def compare(rehearsal: Rehearsal, before: Rehearsal) -> Comparison:
    """Two rehearsals with results, the later one first. A fixed number of queries.

    Only whole days within both are compared: the first day of the later one is partly over.
    """
    assert rehearsal.since, "it is done"
    found, known = _anomalies(rehearsal), _anomalies(before)
    return Comparison(
        before=before,
        changes=_changes(rehearsal, before),
        new=[anomaly for name, anomaly in found.items() if name not in known],
        gone=[
            anomaly for name, anomaly in known.items() if name not in found and _lies_ahead(anomaly, rehearsal.since)
        ],
    )


def _changes(rehearsal: Rehearsal, before: Rehearsal) -> list[Change]:
    assert rehearsal.since is not None, "both are done"
    first = rehearsal.since.date()
    end = min(row.until.date() for row in (rehearsal, before) if row.until is not None)
    new, old = _days(rehearsal), _days(before)
    changes = []
    for day, currency in sorted(new.keys() | old.keys()):
        if not first < day < end:
            continue
        billed, collected = new.get((day, currency), (0, 0))
        was_billed, was_collected = old.get((day, currency), (0, 0))
        if (billed, collected) != (was_billed, was_collected):
            changes.append(
                Change(day, Money(billed - was_billed, currency), Money(collected - was_collected, currency))
            )
    return changes


def _days(rehearsal: Rehearsal) -> dict[tuple[date, str], tuple[int, int]]:
    return {
        (date.fromisoformat(row["day"]), row["currency"]): (row["billed"], row["collected"])
        for row in rehearsal.summary["days"]
    }


def _anomalies(rehearsal: Rehearsal) -> dict[tuple[str, str], Anomaly]:
    rows = rehearsal.anomalies.select_related("customer")
    return {(anomaly.kind, anomaly.key): anomaly for anomaly in rows}


def _lies_ahead(anomaly: Anomaly, now: datetime) -> bool:
    return anomaly.at is None or anomaly.at >= now
