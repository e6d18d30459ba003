"""Ordering the next parcel now: its period is billed early. The periods stay where they are; only the charge moves."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing.models import Invoice
from apps.core.money import Money
from apps.memberships import lifecycle, quotes, renewals
from apps.memberships.errors import (
    CancellationPending,
    ChangeInProgress,
    NothingToChange,
    PausePending,
    QuoteChanged,
    Refused,
)
from apps.memberships.models import HistoryKind, Period, Price, PricePromise, Status, Subscription

from . import finding
from .promises import arming


def check_early(subscription: Subscription, *, now: datetime) -> None:
    """Whether the next period can be billed at `now` instead of on its day.

    Raises Refused for what sends nothing, was not bought, or is not active; NothingToChange when the next one is billed
    already or there is none; PausePending and CancellationPending when it is planned to rest or to end;
    ChangeInProgress while a change, a renewal or a payment is on its way.
    """
    if not (subscription.plan.sends_goods and subscription.is_bought):
        raise Refused(_("Only a parcel that you pay for can be ordered early."))
    if subscription.is_trial:
        raise Refused(_("Your free trial is running. You can order early once it is over."))
    if subscription.is_paused or subscription.pause_at is not None:
        raise PausePending(_("A pause is planned or running. End it to order now."))
    if subscription.is_cancelling:
        raise CancellationPending(_("It is cancelled. Undo the cancellation to order now."))
    starts_at = subscription.next_bill_at
    if starts_at is None or (subscription.ends_at is not None and subscription.ends_at <= starts_at):
        raise NothingToChange(_("It ends with this period: nothing comes after it."))
    if subscription.current_start > now:
        raise NothingToChange(_("The next one is ordered already. You can order again once it has begun."))
    if subscription.status != Status.ACTIVE or _owes(subscription):
        raise ChangeInProgress(_("A payment is still open. You can order early once it is paid."))
    if subscription.changing_since is not None:
        raise ChangeInProgress(_("A change of your plan is still waiting for its payment."))
    if starts_at <= now or subscription.parked_at is not None:
        raise ChangeInProgress(_("It is being renewed. Please try again in a minute."))


def early_total(subscription: Subscription, *, now: datetime) -> Money | None:
    """What the next period costs when it is billed at `now`, with tax, before credit; None when the shop knows no rate
    for the customer's country."""
    on = quotes.local_day(now, subscription.zone)
    return quotes.renewal_total(subscription, _price_now(subscription, now=now), now=now, on=on)


@transaction.atomic
def renew_early(
    subscription_id: int, *, customer: User, now: datetime, actor: str = "", shown: Money | None = None
) -> Subscription:
    """Bill the next period at once, `[next_bill_at, its end)`; after it, the next charge is at that end. Its payment is
    pending and collected like that of any renewal.

    What waits for the next period, such as another size, holds from it on. A new price whose date has not come does
    not: this one costs what it did. `shown` is what the customer was told it costs: QuoteChanged if it is another
    amount by now. Raises NotOpen and what `check_early` raises; nothing is changed then.
    """
    subscription = finding.open_subscription(subscription_id, customer=customer)
    check_early(subscription, now=now)
    before, awaited = subscription.begins_next(), subscription.awaits_new_version
    problem = renewals.bill_early(subscription.pk, now=now)
    subscription = finding.open_subscription(subscription_id, customer=customer)
    if problem or subscription.next_bill_at in (None, before):
        raise Refused(_("This cannot be ordered early. It comes on its day."))
    billed = Period.objects.latest_of(subscription)
    if shown is not None and billed is not None and billed.gross != shown:
        raise QuoteChanged(_("The amounts have changed since you saw them. Please look at them again."))
    if awaited:
        _let_new_version_wait(subscription)
    lifecycle.record(
        subscription,
        HistoryKind.EARLY,
        old=before.isoformat(),
        new=subscription.begins_next().isoformat(),
        actor=actor or customer.email,
        now=now,
    )
    return subscription


def _owes(subscription: Subscription) -> bool:
    return Invoice.objects.open().filter(periods__subscription=subscription).exists()


def _price_now(subscription: Subscription, *, now: datetime) -> Price:
    """The price of the next period when it is billed at `now`; see `promises.settling`."""
    if subscription.awaits_new_version:
        promise = PricePromise.objects.of(subscription)
        if promise is not None and now < promise.applies_from:
            return subscription.price
    return subscription.holding_next.price


def _let_new_version_wait(subscription: Subscription) -> None:
    """The early one was billed at the old price; what was agreed to waits for the one after it."""
    promise = PricePromise.objects.of(subscription)
    if promise is not None:
        promise.subscription = subscription
        arming.arm([promise])
        subscription.refresh_from_db(fields=["pending_price"])
