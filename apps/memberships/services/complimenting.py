"""Memberships with our compliments: staff give a plan for free, with a reason and maybe an end."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.memberships import emails, lifecycle
from apps.memberships.errors import AlreadySubscribed, NotOpen, Refused, UnknownPlan
from apps.memberships.models import COMPLIMENTARY, EndReason, Origin, Plan, Price, Subscription

from . import closing, finding


@transaction.atomic
def give_complimentary(
    customer: User, plan: Plan, *, reason: str, actor: str, now: datetime, ends_at: datetime | None = None
) -> Subscription:
    """Make the customer a member of a paid plan for free, active at once, until `ends_at` where given.

    It is never billed, no part of recurring revenue, and gives way to a membership that the customer buys. A free
    membership of the group ends, and a sign-up that was left half-way is closed. Raises AlreadySubscribed for a member
    who pays, has a gift, or has a complimentary membership already, and while the payment of a sign-up may still go
    through; UnknownPlan for a plan that is free anyway, and for one that sends goods: nothing is sent unpaid; Refused
    without a reason or with an end in the past.
    """
    if not reason.strip():
        raise Refused(_("Please say why the membership is free."))
    if ends_at is not None and ends_at <= now:
        raise Refused(_("The end lies in the past."))
    if plan.sends_goods:
        raise UnknownPlan(_("This plan sends goods, and cannot be given for free. A gift can be bought instead."))
    finding.lock_customer(customer)
    if plan.prices.filter(amount_minor=0, version__gt=COMPLIMENTARY).exists():
        raise UnknownPlan(_("This plan is free for everybody."))
    held = Subscription.objects.held().filter(customer=customer, plan_group=plan.group)
    if held.filter(origin=Origin.COMP).exists():
        raise AlreadySubscribed(_("The customer has a complimentary membership. End it first to give another one."))
    if held.exclude(price__amount_minor=0).exists():
        raise AlreadySubscribed(_("The customer is a member already."))
    closing.retire_unfinished(customer, group=plan.group, now=now)
    subscription = Subscription.objects.create(
        customer=customer,
        price=_price(plan, customer.currency, now=now),
        plan=plan,
        plan_group=plan.group,
        origin=Origin.COMP,
        comp_reason=reason.strip(),
        anchor=now,
        zone=customer.time_zone,
        current_start=now,
        ends_at=ends_at,
        created_at=now,
    )
    lifecycle.activate(subscription.pk, now=now, actor=actor)
    subscription.refresh_from_db()
    emails.complimentary(subscription, now=now)
    return subscription


@transaction.atomic
def end_complimentary(subscription_id: int, *, actor: str, now: datetime) -> Subscription:
    """End a complimentary membership now. Raises NotOpen for any other one."""
    subscription = Subscription.objects.open().filter(pk=subscription_id, origin=Origin.COMP).first()
    if subscription is None:
        raise NotOpen(_("This is no complimentary membership."))
    return closing.end_now(subscription_id, reason=EndReason.STAFF, now=now, actor=actor)


def _price(plan: Plan, currency: str, *, now: datetime) -> Price:
    """The price at which the plan is given away: nothing, a month, never on sale."""
    price, _created = Price.objects.get_or_create(
        plan=plan,
        currency=currency,
        interval_unit="month",
        interval_count=1,
        version=COMPLIMENTARY,
        defaults={"amount_minor": 0, "available_from": now, "closed_at": now},
    )
    return price
