"""What a renewal does with a price promise.

`prepare` runs in the transaction of the renewal, on subscriptions it has claimed, and decides for each: no renewal is
billed without passing here, however late, so that none is billed at a new price without consent and none that agreed is
missed. `record` closes the promises of those that were billed. Both take a fixed number of statements for a batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F
from django.utils.translation import gettext as _

from apps.memberships import promise_rules
from apps.memberships.lifecycle import SYSTEM
from apps.memberships.models import (
    History,
    HistoryKind,
    Outcome,
    PriceChangeStatus,
    PricePromise,
    PromiseNotice,
    Subscription,
    WithoutConsent,
)
from apps.memberships.promise_rules import Verdict

from . import noticing

BATCH = 1000
CLOSES = {Verdict.MOVE: Outcome.MOVED, Verdict.KEEP: Outcome.KEPT, Verdict.LAPSE: Outcome.LAPSED}


@dataclass(frozen=True, slots=True)
class Settlement:
    """`to_bill` are the subscriptions to renew, each with the price that was settled on; `verdicts` what becomes of the
    promises behind them. Not in `to_bill` are those that end instead."""

    to_bill: list[Subscription]
    verdicts: list[tuple[PricePromise, Verdict]] = field(default_factory=list)


def prepare(due: Iterable[Subscription], *, now: datetime) -> Settlement:
    """Decide the price of claimed subscriptions that are due, before they are billed.

    Sets `pending_price` on the rows in memory, as the promise allows. Who does not agree to a change that ends the
    membership ends with the period that is over: `ends_at` is set, and they are not billed. Runs in the transaction of
    the claim.
    """
    members = list(due)
    promises = {promise.subscription_id: promise for promise in _of(members)}
    if not promises:
        return Settlement(members)
    evidence = _evidence(promises.values())
    verdicts: dict[int, Verdict] = {}
    for member in members:
        promise = promises.get(member.pk)
        if promise is not None:
            verdicts[member.pk] = verdict = _decide(member, promise, notices=evidence.get(promise.pk, 0), now=now)
            _apply(member, promise, verdict)
    ending = [member for member in members if verdicts.get(member.pk) == Verdict.END]
    _end(ending, promises, now=now)
    return Settlement(
        [member for member in members if verdicts.get(member.pk) != Verdict.END],
        [(promises[pk], verdict) for pk, verdict in verdicts.items() if verdict != Verdict.END],
    )


def record(settlement: Settlement, *, failed: Collection[int], now: datetime) -> None:
    """Close the promises of the subscriptions that were billed; those `failed` keep theirs for when they are."""
    done = [(promise, verdict) for promise, verdict in settlement.verdicts if promise.subscription_id not in failed]
    for verdict, outcome in CLOSES.items():
        _close([promise for promise, decided in done if decided == verdict], outcome, now=now)
    kept = [promise for promise, verdict in done if verdict == Verdict.KEEP]
    History.objects.bulk_create(
        History(
            subscription_id=promise.subscription_id,
            kind=HistoryKind.PROMISE,
            old=str(promise),
            new=promise.get_answer_display(),
            reason=_("the old price is kept"),
            actor=SYSTEM,
            at=now,
        )
        for promise in kept
    )
    newly_held = [promise for promise, verdict in done if verdict == Verdict.HOLD and promise.held_at is None]
    noticing.hold(newly_held, reason=_("A notice was not delivered before the date."), now=now)


def lapse_due(*, now: datetime) -> int:
    """Close the promises of members who left or changed plan before their date; returns how many."""
    handled = 0
    while batch := _lapse_batch(now=now):
        handled += batch
    return handled


@transaction.atomic
def _lapse_batch(*, now: datetime) -> int:
    rows = PricePromise.objects.overtaken(now).select_for_update(skip_locked=True).order_by("pk")
    promises = list(rows[:BATCH])
    _close(promises, Outcome.LAPSED, now=now)
    return len(promises)


def _of(members: list[Subscription]) -> list[PricePromise]:
    """The open promises of claimed subscriptions, locked; the subscriptions are locked already."""
    return list(
        PricePromise.objects.open()
        .filter(subscription__any=[member.pk for member in members])
        .select_related("change", "old_price", "new_price__plan")
        .select_for_update(of=("self",))
    )


def _evidence(promises: Collection[PricePromise]) -> dict[int, int]:
    """How many notices of the present date were delivered, by promise."""
    mine = PromiseNotice.objects.filter(
        promise__in=[promise.pk for promise in promises], applies_from=F("promise__applies_from")
    )
    return dict(mine.delivered().order_by().values_list("promise").annotate(Count("pk")))


def _decide(member: Subscription, promise: PricePromise, *, notices: int, now: datetime) -> Verdict:
    return promise_rules.decide(
        promise_rules.Case(
            # Renewed early, it is charged before the date of the new price: at the old one.
            start=min(member.begins_next(), now),
            applies_from=promise.applies_from,
            is_planned=promise.change.status == PriceChangeStatus.PLANNED,
            is_current=member.price_id == promise.old_price_id,
            has_own_change=member.pending_price_id not in (None, promise.new_price_id),
            is_held=promise.held_at is not None,
            notices_given=notices == len(promise.change.notice_days),
            may_move=promise.may_move,
            ends=promise.change.without_consent == WithoutConsent.END,
        )
    )


def _apply(member: Subscription, promise: PricePromise, verdict: Verdict) -> None:
    """Let exactly the price wait that may be charged. A plan change of the member's own is left alone."""
    if verdict == Verdict.MOVE:
        member.pending_price = promise.new_price
    elif verdict != Verdict.LAPSE and member.pending_price_id == promise.new_price_id:
        member.pending_price = None


def _end(members: list[Subscription], promises: dict[int, PricePromise], *, now: datetime) -> None:
    """End memberships with the period that is over. The sweep that ends cancelled ones does the rest, with its mail."""
    if not members:
        return
    Subscription.objects.filter(pk__any=[member.pk for member in members]).update(ends_at=F("next_bill_at"))
    _close([promises[member.pk] for member in members], Outcome.ENDED, now=now)
    History.objects.bulk_create(
        History(
            subscription=member,
            kind=HistoryKind.CANCEL,
            new=member.begins_next().isoformat(),
            reason=_("no agreement to the new price"),
            actor=SYSTEM,
            at=now,
        )
        for member in members
    )


def _close(promises: Collection[PricePromise], outcome: Outcome, *, now: datetime) -> None:
    if promises:
        PricePromise.objects.filter(pk__any=[promise.pk for promise in promises]).update(
            outcome=outcome, settled_at=now, next_notice_at=None
        )
