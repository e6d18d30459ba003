"""Whom a stop touches: their contracts, the parcels that are held, and the orders that are not packed."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce

from apps.memberships.models import Origin, Status, Subscription
from apps.memberships.models.subscription_sets import SubscriptionQuerySet
from apps.orders.models import Box, BoxDelivery, DeliveryStatus, Order, OrderQuerySet, OrderStatus


def subscriptions(box: Box) -> SubscriptionQuerySet:
    """The contracts whose next box has the same in it as this one: those of its bundle."""
    plans = Box.objects.filter(product=box.product_id).values("plan")
    following = Case(When(pending_price=None, then=F("plan")), default=F("pending_price__plan"))
    return Subscription.objects.held().alias(next_plan=following).filter(next_plan__in=plans)


def held(box: Box):
    """The parcels of the bundle that wait for a person."""
    return BoxDelivery.objects.held().filter(subscription__plan__box__product=box.product_id)


def orders(box: Box, variant_id: int) -> OrderQuerySet:
    """The orders of the bundle that hold the variant and are not packed."""
    rows = Order.objects.filter(kind=Order.Kind.BOX, status=OrderStatus.PAID, lines__variant__product=box.product_id)
    return rows.filter(lines__pieces__variant=variant_id).distinct().order_by("pk")


def charged_before(box: Box, until: datetime) -> SubscriptionQuerySet:
    """The contracts of a plan that are charged for their next box before `until`, as things stand."""
    rows = Subscription.objects.filter(plan=box.plan_id, status__in=[Status.ACTIVE, Status.PAST_DUE, Status.PAUSED])
    charge_at = Coalesce("resumes_at", "next_bill_at")
    goes_on = Q(ends_at=None) | Q(term_ends_at__isnull=False, ends_at__gt=F("charge_at"))
    return rows.alias(charge_at=charge_at).filter(goes_on, origin=Origin.PURCHASE, charge_at__lt=until)


def given_before(box: Box, until: datetime) -> SubscriptionQuerySet:
    """The given contracts of a plan with a parcel that is due before `until`, and after now."""
    due = BoxDelivery.objects.filter(status=DeliveryStatus.DUE, due_at__lt=until).values("subscription")
    return Subscription.objects.filter(plan=box.plan_id, pk__in=due).exclude(origin=Origin.PURCHASE)
