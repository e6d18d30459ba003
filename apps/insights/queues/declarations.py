"""Cancellations and withdrawals that were declared without a login, and that a machine must not decide."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.memberships.declarations import handling
from apps.memberships.errors import Refused
from apps.memberships.models import Doubt, Handling

from .model import Act, CannotAct, Order, Queue, Row

_ADVICE = {
    Doubt.NO_MATCH: _("Look for the person by name. If there is no contract, answer so."),
    Doubt.SEVERAL: _("Ask which contract is meant, or end the one that the words name, then answer."),
    Doubt.UNKNOWN_NUMBER: _("Look for the number among orders and gifts. If a membership is shown, it may be meant."),
    Doubt.NOT_BOUGHT: _("End it on its own page if the person wants it gone: nothing was paid. Then answer."),
    Doubt.GIFT: _("A gift that nobody redeemed is taken back on its own page. Then answer."),
    Doubt.TOO_LATE: _("Offer to cancel to the end of the period, or withdraw as goodwill. Then answer."),
    Doubt.GOOD_REASON: _("Decide whether it ends before its period is over and what is refunded. Then answer."),
    Doubt.LATER: _("Cancel it in the period of the day that is named, or now if the person agrees. Then answer."),
    Doubt.FAILED: _("Put right what stands in the way, then carry it out."),
    Doubt.PARCEL: _("When the parcel is back, or on its way as the customer shows, carry it out: all goes back."),
}


def _rows() -> QuerySet[Handling]:
    return Handling.objects.for_a_person().select_related("declaration", "customer", "subscription__plan")


def _show(rows: Sequence[Handling]) -> list[Row]:
    return [
        Row(
            pk=row.pk,
            title=f"{row.declaration.get_kind_display()}: {row.declaration.name}",
            url=reverse("admin:memberships_declaration_change", args=[row.declaration_id]),
            since=row.declaration.declared_at,
            reason=" ".join(filter(None, [str(Doubt(row.doubt).label), row.problem])),
            advice=str(_ADVICE[Doubt(row.doubt)]),
            customer=row.customer,
            acts=PENDING.fitting(row),
        )
        for row in rows
    ]


def _carry_out(order: Order) -> str:
    try:
        handling.carry_out(order.row.pk, actor=order.actor, now=order.now)
    except Refused as refusal:
        raise CannotAct(str(refusal)) from refusal
    return _text("It is carried out, and the customer has been written to.")


def _answer(order: Order) -> str:
    try:
        handling.answer(order.row.pk, order.reason, actor=order.actor, now=order.now)
    except Refused as refusal:
        raise CannotAct(str(refusal)) from refusal
    return _text("The answer is on its way.")


def _can_be_carried_out(row: Handling) -> bool:
    """Where one contract is likely meant, and it has not been cancelled already, or only its refund is to come."""
    decided = (Doubt.UNKNOWN_NUMBER, Doubt.LATER, Doubt.FAILED, Doubt.PARCEL)
    return row.subscription_id is not None and row.doubt in decided


PENDING = Queue(
    slug="declarations",
    label=_("Declarations to answer"),
    explains=_("Somebody cancelled or withdrew without signing in, and a machine must not decide about it."),
    permission="memberships.view_declaration",
    rows=_rows,
    show=_show,
    acts=(
        Act(
            name="carry-out",
            label=_("Carry out"),
            explains=_("The contract shown is cancelled, or withdrawn from; everything that was paid goes back then."),
            permission="memberships.change_subscription",
            run=_carry_out,
            fits=_can_be_carried_out,
        ),
        Act(
            name="answer",
            label=_("Answer and close"),
            explains=_("What you write goes to the address of the declaration, and nothing else happens."),
            permission="memberships.change_subscription",
            run=_answer,
            asks_why=True,
        ),
    ),
)
