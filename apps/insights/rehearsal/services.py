"""Carrying out rehearsals and keeping their results."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from apps.insights import lifecycle
from apps.insights.models import Anomaly, Rehearsal

from . import BadRehearsal, Outcome, check, rehearse

log = logging.getLogger(__name__)

__all__ = ["BadRehearsal", "carry_out_next", "keep", "request"]


def request(*, days: int, decline_basis_points: int = 0, seed: int = 0, by: str, now: datetime) -> Rehearsal:
    """Write down a rehearsal for a worker to carry out. Raises BadRehearsal, and UnderWay while another one is open."""
    check(days=days, decline_basis_points=decline_basis_points)
    return lifecycle.request(days=days, decline_basis_points=decline_basis_points, seed=seed, by=by, now=now)


def carry_out_next(*, now: datetime) -> int:
    """Carry out the rehearsal that waits, from `now` on the shop's clock; 1 when there was one, else 0.

    One that cannot be carried out fails with its reason. Never call it inside a transaction.
    """
    rehearsal = lifecycle.claim(now=now)
    if rehearsal is None:
        return 0
    try:
        outcome = rehearse(
            days=rehearsal.days,
            decline_basis_points=rehearsal.decline_basis_points,
            seed=rehearsal.seed,
            now=now,
            on_step=lambda at: lifecycle.note(rehearsal, reached=at),
        )
        with transaction.atomic():
            if lifecycle.complete(rehearsal, summary=outcome.summary, until=outcome.until, now=now):
                _keep_anomalies(rehearsal, outcome)
    except Exception as problem:
        log.exception("Rehearsal %s could not be carried out", rehearsal.pk)
        lifecycle.fail(rehearsal, error=f"{type(problem).__name__}: {problem}", now=now)
    return 1


@transaction.atomic
def keep(outcome: Outcome, *, days: int, decline_basis_points: int, seed: int, by: str, now: datetime) -> Rehearsal:
    """Keep the result of a rehearsal that was carried out on the spot."""
    rehearsal = lifecycle.carried_out(
        days=days,
        decline_basis_points=decline_basis_points,
        seed=seed,
        by=by,
        since=outcome.since,
        until=outcome.until,
        summary=outcome.summary,
        now=now,
    )
    _keep_anomalies(rehearsal, outcome)
    return rehearsal


def _keep_anomalies(rehearsal: Rehearsal, outcome: Outcome) -> None:
    Anomaly.objects.bulk_create(
        [
            Anomaly(
                rehearsal=rehearsal,
                kind=kind,
                key=finding.key,
                customer_id=finding.customer_id,
                subscription_id=finding.subscription_id,
                at=finding.at,
                currency=finding.currency,
                amount_minor=finding.amount_minor,
                before_minor=finding.before_minor,
                detail=finding.detail,
            )
            for kind, finding in outcome.findings
        ],
        batch_size=1000,
    )
