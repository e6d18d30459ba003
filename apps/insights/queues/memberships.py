"""Memberships that could not be billed or ended."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.memberships import services
from apps.memberships.errors import Refused
from apps.memberships.models import Subscription

from .model import Act, CannotAct, Order, Queue, Row


def _rows() -> QuerySet[Subscription]:
    return Subscription.objects.parked().select_related("customer", "plan", "price").order_by("parked_at", "pk")


def _show(rows: Sequence[Subscription]) -> list[Row]:
    return [
        Row(
            pk=subscription.pk,
            title=subscription.plan.name_i18n,
            url=reverse("admin:memberships_subscription_change", args=[subscription.pk]),
            since=subscription.parked_at or subscription.created_at,
            reason=subscription.parked_reason,
            advice=_text("Put right what the reason says, then let the workers take it up again."),
            money=subscription.price.amount,
            customer=subscription.customer,
            acts=PARKED.fitting(subscription),
        )
        for subscription in rows
    ]


def _unpark(order: Order) -> str:
    try:
        services.unpark(order.row.pk, actor=order.actor, now=order.now)
    except Refused as refusal:
        raise CannotAct(str(refusal)) from refusal
    return _text("The workers take it up again within seconds; it comes back here if it fails again.")


PARKED = Queue(
    slug="parked-memberships",
    label=_("Memberships put aside"),
    explains=_("These could not be billed or ended. They are left alone until somebody has looked into it."),
    permission="memberships.view_subscription",
    rows=_rows,
    show=_show,
    acts=(
        Act(
            name="unpark",
            label=_("Take up again"),
            explains=_("Every period that it missed is billed."),
            permission="memberships.change_subscription",
            run=_unpark,
        ),
    ),
)
