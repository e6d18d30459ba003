"""Stored results of rehearsals, for tests of what is done with them."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.insights.models import Anomaly, Rehearsal
from apps.insights.rehearsal import Outcome, services
from apps.insights.rehearsal.anomalies import Finding

DAY = timedelta(days=1)


def day(text: str, **numbers) -> dict:
    """A day of a summary, in euro unless told otherwise."""
    nothing = dict.fromkeys(("renewals", "invoices", "billed", "credit", "at_risk", "collected"), 0)
    return {"day": text, "currency": "EUR", **nothing, **numbers}


def keep(*days: dict, findings: list[tuple[str, Finding]] = (), since: datetime, length: int = 30) -> Rehearsal:
    """A rehearsal with these days and findings, as the command keeps it."""
    summary = {
        "days": list(days),
        "totals": [day("", **_sums(days))] if days else [],
        "mails": {"receipt": 3, "renewal-notice": 1},
        "tax": [{"country": "IT", "currency": "EUR", "net": 984, "tax": 216}],
        "endings": {"cancelled": 2},
        "work": {"memberships.bill": 2},
        "steps": 120,
        "milliseconds": {"all": 1500},
    }
    until = since.replace(hour=0, minute=0) + (length + 1) * DAY
    outcome = Outcome(since, until, summary, list(findings))
    return services.keep(outcome, days=length, decline_basis_points=0, seed=0, by="test", now=since)


def _sums(days: tuple[dict, ...]) -> dict[str, int]:
    names = ("renewals", "invoices", "billed", "credit", "at_risk", "collected")
    return {name: sum(row[name] for row in days) for name in names}


def names(anomalies: list[Anomaly]) -> list[tuple[str, str]]:
    return [(anomaly.kind, anomaly.key) for anomaly in anomalies]
