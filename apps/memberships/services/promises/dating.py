"""What staff decide about a promise that is held because a notice was missed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import DateTimeField, Value
from django.utils.translation import gettext as _

from apps.memberships import lifecycle
from apps.memberships.errors import Refused
from apps.memberships.models import Answer, HistoryKind, Outcome, PriceChangeStatus, PricePromise, Subscription

from .forecasting import RenewalFrom


@transaction.atomic
def give_new_date(promise_id: int, *, actor: str, now: datetime) -> PricePromise:
    """Announce the new price again, for the first renewal for which every notice can be given.

    An agreement spoke of the old date, so the member is asked again; its evidence stays with the consents. Raises
    Refused for a promise that is not held, and when the change was withdrawn or the member left.
    """
    promise = _locked_held(promise_id)
    change, member = promise.change, promise.subscription
    if change.status != PriceChangeStatus.PLANNED or member.price_id != promise.old_price_id or not member.next_bill_at:
        raise Refused(_("The new price does not concern this member any more."))
    earliest = max(change.earliest(now), change.effective_at, promise.protected_until or change.effective_at)
    promise.applies_from = _renewal_from(member, earliest)
    promise.next_notice_at = promise.applies_from - change.first_notice
    promise.held_at, promise.held_reason = None, ""
    promise.answer, promise.answered_at, promise.answered_in, promise.consent = Answer.NONE, None, "", None
    promise.save()
    _tell(promise, new=promise.applies_from.isoformat(), reason=_("new date"), actor=actor, now=now)
    return promise


@transaction.atomic
def let_keep(promise_id: int, *, actor: str, now: datetime) -> PricePromise:
    """Let the member keep the old price for good. Raises Refused for one that is not held, and for a lower price."""
    promise = _locked_held(promise_id)
    if not promise.needs_consent:
        raise Refused(_("A lower price is not kept from a member: give it a new date."))
    promise.outcome, promise.settled_at = Outcome.KEPT, now
    promise.save(update_fields=["outcome", "settled_at"])
    _tell(promise, new=promise.get_outcome_display(), reason=_("by staff"), actor=actor, now=now)
    return promise


def _locked_held(promise_id: int) -> PricePromise:
    """The held promise, with its subscription locked first, as the renewal does it."""
    Subscription.objects.select_for_update(of=("self",)).filter(price_promises=promise_id).first()
    promise = (
        PricePromise.objects.for_pages()
        .select_for_update(of=("self",))
        .filter(pk=promise_id, outcome=Outcome.OPEN, held_at__isnull=False)
        .first()
    )
    if promise is None:
        raise Refused(_("This promise is not held."))
    return promise


def _renewal_from(member: Subscription, target: datetime) -> datetime:
    price = member.price
    first = RenewalFrom(
        "next_bill_at",
        "period_number",
        "anchor",
        Value(price.interval_unit),
        Value(price.interval_count),
        "zone",
        Value(target, DateTimeField()),
    )
    return Subscription.objects.annotate(first=first).values_list("first", flat=True).get(pk=member.pk)


def _tell(promise: PricePromise, *, new: str, reason: str, actor: str, now: datetime) -> None:
    lifecycle.record(
        promise.subscription,
        HistoryKind.PROMISE,
        old=_("held"),
        new=new,
        reason=reason,
        actor=actor,
        now=now,
    )
