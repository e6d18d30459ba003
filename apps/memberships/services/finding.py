"""The rows an action is about, locked, or a refusal."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.billing.models import Invoice
from apps.memberships.errors import AlreadySubscribed, ClosedPlan, NotOpen, QuantityRefused, UnknownPlan
from apps.memberships.models import EndReason, Origin, Period, Price, Status, Subscription


def open_subscription(subscription_id: int, *, customer: User) -> Subscription:
    """The customer's subscription that is not over, locked until the transaction ends; it may be paused. Raises
    NotOpen."""
    subscription = (
        Subscription.objects.held()
        .filter(pk=subscription_id, customer=customer)
        .select_for_update(of=("self",))
        .select_related("customer", "plan", "price__plan", "pending_price__plan", "promotion")
        .first()
    )
    if subscription is None:
        raise NotOpen(_("You have no such subscription."))
    return subscription


def open_at(subscription_id: int, *, customer: User, moment: datetime) -> Subscription:
    """Like `open_subscription`, and one that has ended since the moment: what was said then still holds. Raises
    NotOpen."""
    ended_since = Q(status=Status.ENDED, ended_at__gte=moment) & ~Q(end_reason=EndReason.WITHDRAWN)
    then_open = ended_since | Q(pk__in=Subscription.objects.held())
    subscription = (
        Subscription.objects.filter(then_open, pk=subscription_id, customer=customer)
        .select_for_update(of=("self",))
        .select_related("customer", "plan", "price__plan")
        .first()
    )
    if subscription is None:
        raise NotOpen(_("You have no such subscription."))
    return subscription


def price_on_sale(price_id: int, *, now: datetime) -> Price:
    """The price, which a customer can choose at `now`. Raises UnknownPlan and ClosedPlan."""
    price = Price.objects.select_related("plan").filter(pk=price_id).first()
    if price is None:
        raise UnknownPlan(_("There is no such plan."))
    if not price.is_on_sale_at(now):
        raise ClosedPlan(_("This plan is not on sale any more."))
    return price


def check_quantity(price: Price, quantity: int) -> None:
    """Raise QuantityRefused unless the plan allows one membership to hold so many."""
    most = price.plan.max_quantity
    if not 1 <= quantity <= most:
        raise QuantityRefused(
            ngettext("You can have one of this plan.", "You can have 1 to %(most)d of this plan.", most)
            % {"most": most}
        )


def refuse_second(customer: User, price: Price) -> None:
    """Raise AlreadySubscribed when the customer has a subscription of the group that `price` cannot take over.

    A free membership gives way to a paid one; a gift is used up first.
    """
    held = Subscription.objects.held().filter(customer=customer, plan_group=price.plan.group).select_related("price")
    rivals = [other for other in held if price.is_free or not other.price.is_free]
    gift = next((other for other in rivals if other.origin == Origin.GIFT and not other.price.is_free), None)
    if gift is not None and gift.ends_at is not None:
        end = date_format(gift.ends_at.astimezone(ZoneInfo(gift.zone)), "DATE_FORMAT")
        said = (
            _("You have this as a gift until %(end)s. You can subscribe when it is over.")
            if price.plan.sends_goods
            else _("You have a gift membership until %(end)s. You can join when it is over.")
        )
        raise AlreadySubscribed(said % {"end": end})
    if rivals and price.plan.sends_goods:
        raise AlreadySubscribed(_("You have such a subscription already. You can change it in your account."))
    if rivals:
        raise AlreadySubscribed(_("You are a member already. You can change your plan in your account."))


def lock_customer(customer: User) -> None:
    """Let one customer's sign-ups go one after the other. Rows that only refer to the customer are not held up."""
    User.objects.select_for_update(no_key=True).get(pk=customer.pk)


def lock_open_invoices(subscription_id: int) -> None:
    """Lock what is unpaid on a subscription, before the subscription itself is locked.

    A payment that settles locks its invoice first and then, through the signal, the subscription; whoever withdraws
    invoices takes the same order, so that the two never wait for each other.
    """
    mine = Q(periods__subscription=subscription_id) | Q(plan_change__subscription=subscription_id)
    ids = Invoice.objects.open().filter(mine).values("pk")
    list(Invoice.objects.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk", flat=True))


def lock_latest_invoice(subscription_id: int) -> None:
    """Lock the invoice of the present span, before the subscription: a refund of it and a change that gives the unused
    part back go one after the other."""
    latest = Period.objects.filter(subscription=subscription_id).order_by("-start").values("invoice")[:1]
    list(Invoice.objects.filter(pk__in=latest).select_for_update().values_list("pk", flat=True))
