"""Joining a free plan: no card, no invoice."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.memberships import lifecycle
from apps.memberships.errors import ClosedPlan
from apps.memberships.models import Plan, Price, Subscription

from . import closing, finding


@transaction.atomic
def join_free(user: User, plan: Plan, *, now: datetime) -> Subscription:
    """Make the user a member of a free plan, active at once.

    A sign-up for a paid plan that was left half-way is closed. Raises ClosedPlan when the plan has no free price on
    sale, AlreadySubscribed for a member of the group, and while the payment of such a sign-up may still go through.
    """
    finding.lock_customer(user)
    free = Price.objects.on_sale(now).filter(plan=plan, amount_minor=0)
    price = free.filter(currency=user.currency).first() or free.first()
    if price is None:
        raise ClosedPlan(_("This plan is not on sale any more."))
    finding.refuse_second(user, price)
    closing.retire_unfinished(user, group=plan.group, now=now)
    subscription = Subscription.objects.create(
        customer=user,
        price=price,
        plan=plan,
        plan_group=plan.group,
        anchor=now,
        zone=user.time_zone,
        current_start=now,
        created_at=now,
    )
    return lifecycle.activate(subscription.pk, now=now, actor=user.email)
