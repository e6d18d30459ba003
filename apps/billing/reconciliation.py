"""Every night the shop's books are compared with the gateway's, and what differs is put before a person.

The walk goes through the gateway's charges, refunds and disputes of the last days, then through our own payments and
refunds that it did not meet, then through the ledger, and last through the differences of earlier nights that it has
not met again: those that are gone close by themselves. No transaction is open while the gateway is asked; each page is
written together with the cursor of the next, so that a lost worker's walk is carried on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, Model, OuterRef, QuerySet

from apps.core import clock

from . import differences, gateway, matching
from .differences import Difference
from .lifecycle import breaks
from .models import Break, Payment, Reconciliation, Refund, Sighting

# So much of the past is walked each night; more when the nights before were missed.
DAYS = timedelta(days=5)
# What is younger may still be under way between the gateway and the books.
MARGIN = timedelta(minutes=10)
# By the shop's clock (UTC), when little is charged.
HOUR = 2
BATCH = 100
_PHASE = Reconciliation.Phase


@dataclass
class Found:
    """What one page of a walk brought: how many rows were compared, what differs, what was seen at the gateway, which
    old breaks are gone, and the cursor of the next page ("" for none)."""

    compared: int
    cursor: str
    differences: list[Difference] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)


def run_due(*, now: datetime) -> int:
    """Carry out the comparison of this night, or carry on with one that was left; returns the rows compared.

    Never call it inside a transaction. Raises GatewayUnavailable and GatewayMisconfigured; the next call goes on.
    """
    walk = Reconciliation.objects.filter(finished_at=None).first() or _start_due(now=now)
    compared = 0
    while walk and walk.phase != _PHASE.DONE:
        found = _PAGES[_PHASE(walk.phase)](walk, now)
        if not _write(walk, found, now=now):
            return compared  # another worker is on the same walk, and further
        compared += found.compared
        walk.refresh_from_db()
    return compared


def recheck(found: Break, *, now: datetime) -> Break:
    """Compare the two sides of an open break again, and close it when they agree."""
    [difference] = _compare_again([found])
    if difference is None or difference.key != found.key:
        return breaks.resolve(found.pk, note="the difference is gone", now=now)
    return found


def _start_due(*, now: datetime) -> Reconciliation | None:
    last = Reconciliation.objects.first()
    if last and now < _night_after(last.started_at):
        return None
    until = clock.machine_time(now) - MARGIN
    since = min(until - DAYS, last.until) if last else until - DAYS
    walk, _is_new = Reconciliation.objects.get_or_create(
        finished_at=None, defaults={"since": since, "until": until, "started_at": now}
    )
    return walk


def _night_after(moment: datetime) -> datetime:
    night = moment.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return night if night > moment else night + timedelta(days=1)


def _charges(walk: Reconciliation, now: datetime) -> Found:
    page = gateway.get().list_charges(since=walk.since, until=walk.until, cursor=walk.cursor)
    seen = [record.intent_id for record in page.rows]
    return Found(len(page.rows), page.cursor, matching.charges(page.rows), seen=seen)


def _refunds(walk: Reconciliation, now: datetime) -> Found:
    page = gateway.get().list_refunds(since=walk.since, until=walk.until, cursor=walk.cursor)
    seen = [record.refund_id for record in page.rows]
    return Found(len(page.rows), page.cursor, matching.refunds(page.rows), seen=seen)


def _disputes(walk: Reconciliation, now: datetime) -> Found:
    page = gateway.get().list_disputes(since=walk.since, until=walk.until, cursor=walk.cursor)
    return Found(len(page.rows), page.cursor, matching.disputes(page.rows))


def _own_payments(walk: Reconciliation, now: datetime) -> Found:
    """Payments settled in these days by the shop's clock whose charge was not met: the gateway is asked for each."""
    rows = _unseen(Payment.objects.succeeded().select_related("invoice"), walk)
    records = [gateway.get().read_charge(payment.gateway_id) for payment in rows]
    missing = [differences.of_lost_payment(row) for row, record in zip(rows, records, strict=True) if record is None]
    known = matching.charges([record for record in records if record])
    return Found(len(rows), _cursor_after(rows), [*filter(None, missing), *known])


def _own_refunds(walk: Reconciliation, now: datetime) -> Found:
    rows = _unseen(Refund.objects.filter(status=Refund.Status.SUCCEEDED).select_related("payment__invoice"), walk)
    records = [gateway.get().read_refund(refund.gateway_id) for refund in rows]
    missing = [differences.of_lost_refund(row) for row, record in zip(rows, records, strict=True) if record is None]
    known = matching.refunds([record for record in records if record])
    return Found(len(rows), _cursor_after(rows), [*filter(None, missing), *known])


def _cash(walk: Reconciliation, now: datetime) -> Found:
    return Found(0, "", matching.cash())


def _old_breaks(walk: Reconciliation, now: datetime) -> Found:
    """Open breaks that this walk has not met: each is compared again, however old it is."""
    stale = Break.objects.not_seen_since(walk.started_at).filter(pk__gt=int(walk.cursor or 0))
    rows = list(stale.order_by("pk")[:BATCH])
    again = list(zip(rows, _compare_again(rows), strict=True))
    gone = [row.pk for row, difference in again if difference is None or difference.key != row.key]
    return Found(0, _cursor_after(rows), [difference for _row, difference in again if difference], gone=gone)


_PAGES: dict[Reconciliation.Phase, Callable[[Reconciliation, datetime], Found]] = {
    _PHASE.CHARGES: _charges,
    _PHASE.REFUNDS: _refunds,
    _PHASE.DISPUTES: _disputes,
    _PHASE.OWN_PAYMENTS: _own_payments,
    _PHASE.OWN_REFUNDS: _own_refunds,
    _PHASE.CASH: _cash,
    _PHASE.OLD_BREAKS: _old_breaks,
}
_ORDER = [*_PAGES, _PHASE.DONE]


def _compare_again(rows: list[Break]) -> list[Difference | None]:
    """What differs now where each break was found."""
    cash = {difference.ref: difference for difference in matching.cash()}
    return [matching.again(row, cash=cash) for row in rows]


def _unseen[Row: (Payment, Refund)](settled: QuerySet[Row], walk: Reconciliation) -> list[Row]:
    seen = Sighting.objects.filter(reconciliation=walk, ref=OuterRef("gateway_id"))
    span = {"settled_at__gte": walk.started_at - DAYS, "settled_at__lt": walk.started_at - MARGIN}
    rows = settled.filter(~Exists(seen), pk__gt=int(walk.cursor or 0), **span)
    return list(rows.order_by("pk")[:BATCH])


def _cursor_after(rows: Iterable[Model]) -> str:
    keys = [row.pk for row in rows]
    return str(keys[-1]) if len(keys) == BATCH else ""


@transaction.atomic
def _write(walk: Reconciliation, found: Found, *, now: datetime) -> bool:
    """Write down one page, and move on; False when another worker has done it."""
    phase = walk.phase if found.cursor else _ORDER[_ORDER.index(_PHASE(walk.phase)) + 1]
    here = Reconciliation.objects.filter(pk=walk.pk, phase=walk.phase, cursor=walk.cursor)
    moved = here.update(
        phase=phase,
        cursor=found.cursor,
        compared=F("compared") + found.compared,
        found=F("found") + len(found.differences),
        finished_at=now if phase == _PHASE.DONE else None,
    )
    if not moved:
        return False
    for break_id in found.gone:
        breaks.resolve(break_id, note="the difference is gone", now=now)
    _note(found.differences, now=now)
    Sighting.objects.bulk_create([Sighting(reconciliation=walk, ref=ref) for ref in found.seen], ignore_conflicts=True)
    if phase == _PHASE.DONE:
        Sighting.objects.filter(reconciliation=walk).delete()
    return True


def _note(found: list[Difference], *, now: datetime) -> None:
    """Keep each difference as one break, however many nights it is found."""
    keys = [difference.key for difference in found]
    Break.objects.open().filter(key__in=keys).update(seen_at=now)
    known = set(Break.objects.standing().filter(key__in=keys).values_list("key", flat=True))
    fresh = {difference.key: difference for difference in found if difference.key not in known}
    # The unique key is the last word, should another worker find the same at this moment.
    Break.objects.bulk_create([_break(difference, now=now) for difference in fresh.values()], ignore_conflicts=True)


def _break(difference: Difference, *, now: datetime) -> Break:
    return Break(
        key=difference.key,
        subject=difference.subject,
        kind=difference.kind,
        ref=difference.ref,
        here=difference.here,
        there=difference.there,
        fix=difference.fix,
        amount_minor=difference.money.minor,
        currency=difference.money.currency,
        customer_id=difference.concerns.customer_id,
        invoice_id=difference.concerns.invoice_id,
        payment_id=difference.concerns.payment_id,
        refund_id=difference.concerns.refund_id,
        found_at=now,
        seen_at=now,
    )
