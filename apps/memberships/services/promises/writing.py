"""The promises of a change, written in batches by SQL; closing those of a withdrawn change; finishing."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from apps.memberships import price_lifecycle, promise_emails
from apps.memberships.lifecycle import SYSTEM
from apps.memberships.models import Outcome, PriceChange, PricePromise, PromiseNotice

from . import arming, forecasting, posting

BATCH = 5000
CLOSING_BATCH = 200


def advance_due(*, now: datetime) -> int:
    """Close what was withdrawn, write the promises of planned changes, finish what is over; returns how many promises
    were closed or written and how many changes finished. Several workers may do it at once.
    """
    handled = 0
    for step in (_close_batch, _write_batch, _finish_one):
        while done := step(now=now):
            handled += done
    return handled


@transaction.atomic
def _write_batch(*, now: datetime) -> int:
    """Write the next promises of one change; its row is the claim."""
    change = (
        PriceChange.objects.to_write()
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("old_price__plan", "new_price__plan")
        .first()
    )
    if change is None:
        return 0
    written, last = _insert(change, now=now)
    change.written_up_to = last or change.written_up_to
    change.written_at = None if last else now
    change.save(update_fields=["written_up_to", "written_at"])
    return written or 1


def _insert(change: PriceChange, *, now: datetime) -> tuple[int, int | None]:
    """Insert one batch where the rows are; returns how many and the last subscription (None: there was none left).

    A promise about a price that the member no longer has makes room for the new one.
    """
    members = forecasting.members_of(change, now=now).filter(pk__gt=change.written_up_to).order_by("pk")[:BATCH]
    stale = (
        PricePromise.objects.open().filter(subscription__in=members.values("pk")).exclude(old_price=change.old_price)
    )
    stale.update(outcome=Outcome.LAPSED, settled_at=now, next_notice_at=None)
    columns = members.values_list("pk", "price_protected_until", "price_applies_from")
    select, values = columns.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH members (subscription_id, protected_until, applies_from) AS ({select}), written AS (
                INSERT INTO {PricePromise._meta.db_table} (
                    change_id, subscription_id, old_price_id, new_price_id, rise_minor, protected_until, applies_from,
                    next_notice_at, answer, answered_in, held_reason, outcome, created_at
                )
                SELECT %s, subscription_id, %s, %s, %s, protected_until, applies_from,
                    applies_from - %s * interval '24 hours', '', '', '', '', %s
                FROM members ON CONFLICT DO NOTHING
            )
            SELECT count(*), max(subscription_id) FROM members
            """,  # noqa: S608 (the table's name and Django's own SQL; every value is a parameter)
            [
                *values,
                change.pk,
                change.old_price_id,
                change.new_price_id,
                change.rise_minor,
                change.first_notice.days,
                now,
            ],
        )
        return cursor.fetchone()


@transaction.atomic
def _close_batch(*, now: datetime) -> int:
    """Close promises of withdrawn changes: no new price waits any more, and who had a notice is told so."""
    promises = list(
        PricePromise.objects.to_close()
        .select_for_update(skip_locked=True, of=("self", "subscription"))
        .for_pages()
        .order_by("pk")[:CLOSING_BATCH]
    )
    if not promises:
        return 0
    ids = [promise.pk for promise in promises]
    arming.disarm(promises)
    PricePromise.objects.filter(pk__in=ids).update(outcome=Outcome.WITHDRAWN, settled_at=now, next_notice_at=None)
    told = set(PromiseNotice.objects.filter(promise__in=ids).values_list("promise", flat=True))
    letters = [promise_emails.withdrawn(promise) for promise in promises if promise.pk in told]
    posting.post(letters, now=now)
    return len(promises)


@transaction.atomic
def _finish_one(*, now: datetime) -> int:
    change = PriceChange.objects.to_finish().select_for_update(skip_locked=True, of=("self",)).first()
    if change is None:
        return 0
    price_lifecycle.finish(change, actor=SYSTEM, now=now)
    return 1
