"""What a change of plan would do, said before it is agreed to, and whether it can be made at all."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from apps.billing.models import CreditNote
from apps.memberships import quotes
from apps.memberships.errors import (
    CancellationPending,
    ChangeInProgress,
    NeedsSignup,
    NothingToChange,
    PausePending,
    QuoteChanged,
    UnknownPlan,
)
from apps.memberships.models import Period, Price, Status, Subscription
from apps.memberships.rules import Direction

from . import finding

PREVIEW_LASTS = timedelta(hours=1)


def preview_change(
    subscription: Subscription, price: Price, *, quantity: int | None = None, now: datetime
) -> quotes.Change:
    """Exactly what changing now would do: the quote that the page shows and that `change_plan` charges. Raises
    subclasses of Refused."""
    check_change(subscription, price)
    if quantity is not None and (price.pk, quantity) != (subscription.price_id, subscription.quantity):
        finding.check_quantity(price, quantity)
    quote = quotes.change(subscription, price, quantity=quantity, now=now)
    own_price = subscription.price_id if subscription.awaits_new_version else subscription.pending_price_id
    waiting = (own_price or subscription.price_id, subscription.pending_quantity or subscription.quantity)
    if quote.direction == Direction.SAME or (quote.price.pk, quote.quantity) == waiting:
        raise NothingToChange(_("This is your plan already."))
    return quote


def check_change(subscription: Subscription, price: Price) -> None:
    """Refuse what cannot be changed at all now, whatever it costs. Raises subclasses of Refused."""
    if price.plan.group != subscription.plan_group or price.currency != subscription.price.currency:
        raise UnknownPlan(_("It cannot be changed to this plan."))
    if subscription.price.is_free and not price.is_free:
        raise NeedsSignup(_("Please join this plan with a card."))
    if subscription.is_gift:
        raise NothingToChange(_("It is a gift. You can choose a plan of your own when it is over."))
    refuse_pause(subscription)
    if subscription.is_cancelling:
        raise CancellationPending(_("It is cancelled. Undo the cancellation to change your plan."))
    if subscription.status == Status.PAST_DUE:
        raise ChangeInProgress(_("A payment is overdue. Once it is paid you can change your plan."))
    if subscription.changing_since is not None:
        raise ChangeInProgress(_("A change of your plan is still waiting for its payment."))


def moment_of(subscription: Subscription, quoted_at: datetime | None, *, now: datetime) -> datetime:
    """The instant to charge for: the preview's, as long as it lies in the present span and is fresh, and no money of
    the span went back since. Raises QuoteChanged."""
    if quoted_at is None:
        return now
    span = Period.objects.latest_of(subscription)
    begun = _begun(span, now=now) if span is not None else subscription.current_start
    went_back = span is not None and CreditNote.objects.filter(invoice__periods=span, issued_at__gt=quoted_at).exists()
    if went_back or not max(begun, now - PREVIEW_LASTS) <= quoted_at <= now:
        raise changed()
    return quoted_at


def _begun(span: Period, *, now: datetime) -> datetime:
    """Since when the span is the present one: a period that was renewed early, since it was billed."""
    return span.start if span.start <= now or span.invoice is None else span.invoice.issued_at


def changed() -> QuoteChanged:
    """The refusal of a change that would not do what was shown."""
    return QuoteChanged(_("The amounts have changed since you saw them. Please look at them again."))


def refuse_pause(subscription: Subscription) -> None:
    """Raise PausePending while the membership rests, or is to."""
    if subscription.is_paused:
        raise PausePending(_("It is paused. Resume it to change your plan."))
    if subscription.pause_at is not None:
        raise PausePending(_("A pause is planned. Take it back to change your plan."))
