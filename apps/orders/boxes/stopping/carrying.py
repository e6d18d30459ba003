"""Carrying out what staff decided, in batches, as often as it takes: what was done before is found done.

Each customer is handled in a transaction of their own, with the letter to them; the key of the letter is what counts
them. Who cannot be handled is passed over and counted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from apps.core.outages import is_outage
from apps.mail.models import Message
from apps.memberships.errors import Refused
from apps.orders.boxes import emails
from apps.orders.models import BoxStop, BoxStopKind

from . import pausing, substituting

log = logging.getLogger(__name__)

BATCH = 200


def carry_out(*, now: datetime) -> int:
    """Carry out every decision that is not; returns how many customers were handled."""
    return sum(_carry_out(stop, now=now) for stop in BoxStop.objects.filter(done_at=None).select_related("box"))


def _carry_out(stop: BoxStop, *, now: datetime) -> int:
    if stop.kind == BoxStopKind.SUBSTITUTE:
        substituting.offer(stop)
        failed = _each(substituting.contracts(stop), lambda pk: substituting.swap(stop, pk, now=now))
        _each(substituting.held(stop), substituting.release)
        failed |= _each(substituting.orders(stop), lambda pk: substituting.exchange(stop, pk, now=now))
        finish, left = substituting.withdraw, substituting.left
    else:
        failed = _each(pausing.contracts(stop), lambda pk: pausing.pause(stop, pk, now=now))
        failed |= _each(pausing.given(stop), lambda pk: pausing.put_off(stop, pk, now=now))
        finish, left = pausing.finish, pausing.left
    with transaction.atomic():
        stop = BoxStop.objects.select_for_update(of=("self",)).select_related("box").get(pk=stop.pk)
        if stop.done_at is not None:
            return 0
        finish(stop)
        stop.handled = Message.objects.filter(key__startswith=emails.of_stop(stop)).count()
        stop.passed_over = max(left(stop), len(failed))
        stop.done_at = now
        stop.save(update_fields=["handled", "passed_over", "done_at"])
    return stop.handled


def _each(rows: QuerySet, act: Callable[[int], object]) -> set[int]:
    """Act on each row, a batch at a time in the order of their keys; returns those that could not be handled."""
    failed: set[int] = set()
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        failed |= _act(batch, act)
        last = batch[-1]
    return failed


def _act(batch: Iterable[int], act: Callable[[int], object]) -> set[int]:
    failed = set()
    for pk in batch:
        try:
            with transaction.atomic():
                act(pk)
        except Refused:
            failed.add(pk)
        except Exception as problem:
            if is_outage(problem):
                raise
            log.exception("Row %s of a stop could not be handled", pk)
            failed.add(pk)
    return failed
