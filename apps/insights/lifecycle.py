"""Every change of a rehearsal's status.

    requested -> running           a worker takes it up, with a lease
    running   -> running           the worker was lost, another one begins again: a rehearsal leaves nothing behind
    running   -> done | failed

`attempts` grows with each claim and fences a worker out whose lease was over. Leases run on the machine's clock: the
time machine moves the shop's, and would end them all.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction

from .models import Rehearsal

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 3
_STATUS = Rehearsal.Status


class UnderWay(Exception):
    """Another rehearsal is asked for or running: one at a time."""


def request(*, days: int, decline_basis_points: int, seed: int, by: str, now: datetime) -> Rehearsal:
    """A rehearsal for a worker to carry out. Raises UnderWay."""
    try:
        with transaction.atomic():
            return Rehearsal.objects.create(
                days=days, decline_basis_points=decline_basis_points, seed=seed, requested_by=by, requested_at=now
            )
    except IntegrityError as problem:
        if Rehearsal.objects.open().exists():
            raise UnderWay from problem
        raise


@transaction.atomic
def claim(*, now: datetime) -> Rehearsal | None:
    """requested -> running, at `now` on the shop's clock; None when there is none to take up.

    One that has lost its worker for the third time fails instead: something in it ends workers.
    """
    row = Rehearsal.objects.claimable(datetime.now(UTC)).select_for_update(skip_locked=True).first()
    if row is None:
        return None
    if row.attempts >= MOST_ATTEMPTS:
        row.attempts += 1
        fail(row, error="The worker was lost, on every attempt.", now=now)
        return None
    row.status = _STATUS.RUNNING
    row.attempts += 1
    row.lease_until = datetime.now(UTC) + LEASE
    row.since = row.reached = now
    row.save()
    return row


def note(rehearsal: Rehearsal, *, reached: datetime) -> None:
    """Write down how far it is, and hold the claim for longer."""
    _held(rehearsal).update(reached=reached, lease_until=datetime.now(UTC) + LEASE)


def complete(rehearsal: Rehearsal, *, summary: dict, until: datetime, now: datetime) -> bool:
    """running -> done, having lived until `until`. False when this worker no longer holds the claim."""
    result = {"summary": summary, "until": until, "reached": until, "finished_at": now}
    return bool(_held(rehearsal).update(status=_STATUS.DONE, lease_until=None, **result))


def fail(rehearsal: Rehearsal, *, error: str, now: datetime) -> None:
    """running -> failed, with the reason."""
    open_row = Rehearsal.objects.open().filter(pk=rehearsal.pk, attempts__lte=rehearsal.attempts)
    open_row.update(status=_STATUS.FAILED, error=error[:2000] or "Unknown error", lease_until=None, finished_at=now)


def carried_out(
    *,
    days: int,
    decline_basis_points: int,
    seed: int,
    by: str,
    since: datetime,
    until: datetime,
    summary: dict,
    now: datetime,
) -> Rehearsal:
    """-> done: the row of a rehearsal that was carried out on the spot, without ever waiting for a worker."""
    return Rehearsal.objects.create(
        status=_STATUS.DONE,
        days=days,
        decline_basis_points=decline_basis_points,
        seed=seed,
        requested_by=by,
        requested_at=since,
        attempts=1,
        since=since,
        reached=until,
        until=until,
        finished_at=now,
        summary=summary,
    )


def _held(rehearsal: Rehearsal):
    return Rehearsal.objects.filter(pk=rehearsal.pk, status=_STATUS.RUNNING, attempts=rehearsal.attempts)
