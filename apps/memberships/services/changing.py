"""Changing the plan or the quantity: up at once and paid for first, down at the end of the period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import User
from apps.billing import collection, invoices, janitor
from apps.billing.drafts import Draft
from apps.billing.models import Invoice, Payment
from apps.memberships import emails, lifecycle, quotes
from apps.memberships.errors import ChangeInProgress, NotOpen
from apps.memberships.models import ChangeStatus, HistoryKind, Period, PlanChange, Subscription
from apps.memberships.rules import Direction

from . import applying, finding, previewing


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """How a request to change went.

    `status`: "done" (changed now), "scheduled" (at the end of the period), "needs_action" (the bank asks the customer),
    "waiting" (the outcome of the payment is not known yet), "declined" (nothing changed). `change` is the row behind an
    immediate change; `payment` its payment, None when nothing was due; `message` is for the customer.
    """

    status: str
    subscription: Subscription
    change: PlanChange | None = None
    payment: Payment | None = None
    message: str = ""


def change_plan(
    subscription_id: int,
    price_id: int,
    *,
    customer: User,
    now: datetime,
    quantity: int | None = None,
    quoted_at: datetime | None = None,
    quoted_minor: int | None = None,
    actor: str = "",
) -> ChangeResult:
    """Change to another price of the same group and currency, to another `quantity`, or both; see `quotes.change` for
    which way, when and how much.

    Up: the invoice is charged now, with the customer present, and the plan changes when it is paid; a declined card
    changes nothing. Down: the price waits for the end of the period. `quoted_at` is the instant of the preview the
    customer agreed to, at most an hour old: the charge is exactly that of the preview. `quoted_minor` is what was due
    in it; should it be another amount by now, because the customer is taxed in another way, QuoteChanged is raised.

    Talks to the gateway: never call it inside a transaction. Raises subclasses of Refused; nothing is changed then.
    """
    result = _begin(
        subscription_id,
        price_id,
        customer=customer,
        now=now,
        quantity=quantity,
        quoted_at=quoted_at,
        quoted_minor=quoted_minor,
        actor=actor,
    )
    if result.change is None:
        return result
    payment = _payment_of(result.change)
    if payment is not None:
        collection.collect_now(payment.pk, now=now)
    return _result(result.change.pk)


def continue_change(token: UUID | str, *, customer: User, now: datetime) -> ChangeResult:
    """Go on with a waiting change: the customer came back from their bank, or the page was left before the charge.

    Safe to repeat; a change that is settled is returned as it is. Talks to the gateway. Raises NotOpen for a change
    that is not this customer's.
    """
    change = PlanChange.objects.filter(token=token, subscription__customer=customer).first()
    if change is None:
        raise NotOpen(_("There is no such change."))
    payment = _payment_of(change)
    if change.status == ChangeStatus.OPEN and payment is not None:
        if payment.status == Payment.Status.PENDING:
            collection.collect_now(payment.pk, now=now)
        else:
            payment = janitor.check(payment.pk, now=now)
            if not payment.is_open and payment.status != Payment.Status.SUCCEEDED:
                abandon_change(change.pk, message=_("The payment was not made."), now=now)
    return _result(change.pk)


@transaction.atomic
def abandon_change(change_id: int, *, message: str, now: datetime) -> PlanChange:
    """Close a waiting change without changing anything: billing goes on, the invoice is voided. Safe to repeat.

    A payment that succeeds later is sent back by billing, because its invoice is void.
    """
    subscription_id = PlanChange.objects.values_list("subscription", flat=True).get(pk=change_id)
    finding.lock_open_invoices(subscription_id)
    Subscription.objects.select_for_update().get(pk=subscription_id)
    change = PlanChange.objects.select_related("price__plan", "subscription__customer").get(pk=change_id)
    if change.status != ChangeStatus.OPEN:
        return change
    lifecycle.fail_change(change, message=message, now=now)
    Subscription.objects.filter(pk=subscription_id).update(changing_since=None)
    if change.invoice.status == Invoice.Status.OPEN:
        invoices.void(change.invoice_id, reason=message, now=now)
    emails.plan_kept(change.subscription, change, now=now)
    return change


def abandon_open(subscription: Subscription, *, message: str, now: datetime) -> None:
    """Close the change that waits on this subscription, if any."""
    change = PlanChange.objects.filter(subscription=subscription, status=ChangeStatus.OPEN).first()
    if change is not None:
        abandon_change(change.pk, message=message, now=now)
        subscription.changing_since = None


@transaction.atomic
def _begin(
    subscription_id: int,
    price_id: int,
    *,
    customer: User,
    now: datetime,
    quantity: int | None,
    quoted_at: datetime | None,
    quoted_minor: int | None,
    actor: str,
) -> ChangeResult:
    finding.lock_latest_invoice(subscription_id)
    subscription = finding.open_subscription(subscription_id, customer=customer)
    # A member may change the quantity at the price they joined at, which need not be on sale any more.
    price = subscription.price if price_id == subscription.price_id else finding.price_on_sale(price_id, now=now)
    at = previewing.moment_of(subscription, quoted_at, now=now)
    with override(customer.locale):
        quote = previewing.preview_change(subscription, price, quantity=quantity, now=at)
    if quoted_minor is not None and quote.due_now.minor != quoted_minor:
        raise previewing.changed()
    actor = actor or customer.email
    if quote.direction == Direction.DOWN:
        return _schedule(subscription, quote, now=now, actor=actor)
    span = Period.objects.latest_of(subscription)
    if span is not None and span.invoice is not None and span.invoice.status == Invoice.Status.OPEN:
        raise ChangeInProgress(_("A payment is still on its way. Please try again in a minute."))
    return _start(subscription, quote, now=now, actor=actor)


def _schedule(subscription: Subscription, quote: quotes.Change, *, now: datetime, actor: str) -> ChangeResult:
    if quote.price.pk != subscription.price_id:
        subscription.pending_price = quote.price
    elif not subscription.awaits_new_version:
        subscription.pending_price = None
    subscription.pending_quantity = quote.quantity if quote.quantity != subscription.quantity else None
    subscription.end_by_itself()
    subscription.save(update_fields=["pending_price", "pending_quantity", "ends_at", "term_ends_at"])
    lifecycle.record(
        subscription,
        HistoryKind.PLAN,
        old=str(subscription.holding),
        new=str(subscription.holding_next),
        reason="at the end of the period",
        actor=actor,
        now=now,
    )
    emails.plan_changed(
        subscription,
        old=subscription.price,
        new=quote.price,
        quantity=quote.quantity,
        effective_at=quote.effective_at,
        charged=None,
        now=now,
    )
    return ChangeResult("scheduled", subscription)


def _start(subscription: Subscription, quote: quotes.Change, *, now: datetime, actor: str) -> ChangeResult:
    token = uuid4()
    draft = Draft(
        customer=subscription.customer,
        key=f"change:{token}",
        currency=quote.due_now.currency,
        reason="change",
        lines=list(quote.lines),
        taxation=quote.taxation,
        country=quote.sent_to,
        on_session=True,
        collect_at=now,
    )
    [invoice] = invoices.issue([draft], now=now)
    change = PlanChange.objects.create(
        token=token,
        subscription=subscription,
        price=quote.price,
        quantity=quote.quantity,
        quote=quote.as_json(),
        invoice=invoice,
        actor=actor,
        effective_at=quote.effective_at,
        created_at=now,
    )
    subscription.changing_since = now
    subscription.save(update_fields=["changing_since"])
    if invoice.status == Invoice.Status.PAID:
        applying.apply(change.pk, now=now)
    return ChangeResult("waiting", subscription, change)


def _payment_of(change: PlanChange) -> Payment | None:
    return change.invoice.payments.order_by("-attempt").first()


def _result(change_id: int) -> ChangeResult:
    """How a change stands."""
    change = PlanChange.objects.select_related("invoice").get(pk=change_id)
    payment = _payment_of(change)
    subscription = Subscription.objects.select_related("plan", "price__plan").get(pk=change.subscription_id)
    if change.status == ChangeStatus.DONE:
        return ChangeResult("done", subscription, change, payment)
    if change.status == ChangeStatus.FAILED:
        return ChangeResult("declined", subscription, change, payment, change.message)
    if payment is not None and payment.status == Payment.Status.NEEDS_ACTION:
        return ChangeResult(
            "needs_action", subscription, change, payment, _("Your bank asks you to confirm the payment.")
        )
    message = _("Your bank has not answered yet. Your plan changes as soon as it does.")
    return ChangeResult("waiting", subscription, change, payment, message)
