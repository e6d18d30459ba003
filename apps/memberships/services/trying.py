"""Free trials: each person and each card has one, and nobody is charged at its end without having been told."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.billing.models import Card
from apps.memberships import emails, lifecycle
from apps.memberships.errors import TrialUsed
from apps.memberships.models import HistoryKind, Subscription, TrialUse

# The card schemes and the shop's defaults in law want so many days between the notice and the charge.
NOTICE = timedelta(days=7)
# The notice goes out a day earlier than it must, so that a worker that stands still for a while delays no charge.
MARGIN = timedelta(days=1)


@transaction.atomic
def begin(subscription: Subscription, *, card: Card, now: datetime) -> Subscription:
    """Start the free trial of an INCOMPLETE subscription whose present period is the trial.

    Raises TrialUsed when this person, or somebody with this card, has taken the group's trial at the same moment; the
    unique keys decide who was first.
    """
    try:
        with transaction.atomic():
            TrialUse.objects.create(
                customer=subscription.customer,
                plan_group=subscription.plan_group,
                fingerprint=card.fingerprint,
                subscription=subscription,
                began_at=now,
            )
    except IntegrityError as taken:
        raise TrialUsed(_("A free trial was just begun with this card. Nothing was charged.")) from taken
    started = lifecycle.start_trial(subscription.pk, now=now)
    announce_if_near(started, now=now)
    return started


def announce_if_near(subscription: Subscription, *, now: datetime) -> None:
    """Tell at once, in the caller's transaction, of a trial that the customer has just begun, or goes on with, and that
    ends sooner than notices are given."""
    near = subscription.is_trial and subscription.begins_next() <= now + NOTICE + MARGIN
    if near and subscription.trial_noticed_at is None:
        _announce(subscription, now=now)


@transaction.atomic
def announce(subscription_id: int, *, now: datetime) -> bool:
    """Tell the customer of a running trial when it ends and what is charged then; False when there is nothing to tell.

    A trial that lasted long enough for a notice of seven days gets them in full: a late notice moves the end of the
    trial, and with it the charge.
    """
    rows = Subscription.objects.trials_to_announce().select_for_update(of=("self",), skip_locked=True)
    subscription = (
        rows.select_related("customer", "plan", "price__plan", "pending_price__plan", "promotion")
        .filter(pk=subscription_id)
        .first()
    )
    if subscription is None:
        return False
    ends = subscription.begins_next()
    if ends - subscription.current_start > NOTICE and ends < now + NOTICE:
        _move_end(subscription, now + NOTICE, now=now)
    _announce(subscription, now=now)
    return True


def _move_end(subscription: Subscription, end: datetime, *, now: datetime) -> None:
    old = subscription.begins_next()
    subscription.anchor = subscription.current_end = subscription.next_bill_at = end
    subscription.end_by_itself()
    lifecycle.record(
        subscription,
        HistoryKind.TRIAL,
        old=old.isoformat(),
        new=end.isoformat(),
        reason="the notice was late",
        actor=lifecycle.SYSTEM,
        now=now,
    )


def _announce(subscription: Subscription, *, now: datetime) -> None:
    emails.trial_ending(subscription, now=now)
    subscription.trial_noticed_at = now
    subscription.save()
