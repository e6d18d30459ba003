"""Differences between the shop's books and the gateway's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.billing import repairs
from apps.billing.gateway import GatewayError
from apps.billing.lifecycle import breaks
from apps.billing.models import Break

from .model import Act, CannotAct, Order, Queue, Row


def _rows() -> QuerySet[Break]:
    return Break.objects.open().select_related("customer").order_by("found_at", "pk")


def _show(rows: Sequence[Break]) -> list[Row]:
    return [
        Row(
            pk=found.pk,
            title=str(found),
            url=reverse("admin:billing_break_change", args=[found.pk]),
            since=found.found_at,
            reason=_text("in the shop: %(here)s; at the gateway: %(there)s")
            % {"here": found.here, "there": found.there},
            advice=found.get_fix_display(),
            money=found.amount,
            customer=found.customer,
            acts=OPEN.fitting(found),
        )
        for found in rows
    ]


def _repair(order: Order) -> str:
    try:
        found = repairs.repair(order.row.pk, actor=order.actor, now=order.now)
    except (repairs.CannotRepair, GatewayError) as problem:
        raise CannotAct(str(problem)) from problem
    return _text("Done: %(step)s.") % {"step": found.note}


def _close(close: Callable[..., Break]) -> Callable[[Order], str]:
    def run(order: Order) -> str:
        found = close(order.row.pk, note=order.reason, actor=order.actor, now=order.now)
        return _text("The difference is %(status)s.") % {"status": found.get_status_display()}

    return run


OPEN = Queue(
    slug="breaks",
    label=_("Differences from the gateway's books"),
    explains=_("Found by the nightly comparison. One that is gone closes by itself the next night."),
    permission="billing.view_break",
    rows=_rows,
    show=_show,
    acts=(
        Act(
            name="repair",
            label=_("Take the suggested step"),
            explains=_("The gateway is asked first. It is done only if it still says the same."),
            permission="billing.change_break",
            run=_repair,
            fits=lambda found: found.can_be_repaired,
        ),
        Act(
            name="resolve",
            label=_("Resolved by hand"),
            explains=_("If it is still there, the next comparison finds it again."),
            permission="billing.change_break",
            run=_close(breaks.resolve),
            asks_why=True,
        ),
        Act(
            name="ignore",
            label=_("Ignore"),
            explains=_("It is not found again, unless an amount changes."),
            permission="billing.change_break",
            run=_close(breaks.ignore),
            asks_why=True,
        ),
    ),
)
