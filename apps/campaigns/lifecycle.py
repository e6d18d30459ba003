"""ACTIVE -> DONE | STOPPED: the only place that assigns an enrollment's status. Callers hold the row's lock."""

from datetime import datetime

from .models import Enrollment, Outcome, Status


def finish(enrollment: Enrollment, *, now: datetime) -> Enrollment:
    """ACTIVE -> DONE: its last letter was sent. Safe to repeat."""
    return _close(enrollment, Status.DONE, Outcome.FINISHED, now=now)


def stop(enrollment: Enrollment, outcome: Outcome, *, now: datetime, error: str = "") -> Enrollment:
    """ACTIVE -> STOPPED for a reason. One that is over already is left as it is."""
    return _close(enrollment, Status.STOPPED, outcome, now=now, error=error)


def _close(enrollment: Enrollment, status: Status, outcome: Outcome, *, now: datetime, error: str = "") -> Enrollment:
    if enrollment.status != Status.ACTIVE:
        return enrollment
    enrollment.status = status
    enrollment.outcome = outcome
    enrollment.error = error[:2000]
    enrollment.next_at = None
    enrollment.ended_at = now
    enrollment.save(update_fields=["status", "outcome", "error", "next_at", "ended_at"])
    return enrollment
