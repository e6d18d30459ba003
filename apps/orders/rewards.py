"""The points that an order brings a member, and what of them goes back with the money."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from apps.billing import corrections
from apps.billing.models import Invoice
from apps.memberships.models import Subscription
from apps.memberships.services import points

from . import rules
from .models import Order


def earn(order: Order, *, now: datetime) -> None:
    """Give the points of a paid order, to a member. Once for each invoice."""
    member = Subscription.objects.current_of(order.customer)
    if member is not None and order.invoice is not None:
        points.earn_for({order.invoice.pk: member.plan}, now=now)


def share(invoice: Invoice, chosen: Mapping[int, int]) -> dict[str, int]:
    """How many of the points that an invoice brought belong to the parts chosen of it (minor units by line), by the
    currency they are owed in. Asked before the parts are taken back.

    Shipping brought none. Whatever the parts are, the shares of all of them sum to the points, or to less where a part
    was taken back otherwise.
    """
    left = corrections.left_of_lines(invoice)
    rows = [row for row in invoice.lines.all() if row.kind in points.EARNING_LINES]
    eligible = sum(row.amount_minor for row in rows)
    gone = eligible - sum(left[row.pk] for row in rows)
    part = sum(chosen.get(row.pk, 0) for row in rows)
    if eligible <= 0 or not 0 < part <= eligible - gone:
        return {}
    earned = points.earned_by([invoice])
    return {
        currency: rules.share_of(count, quantity=eligible, given_back=gone, pieces=part)
        for currency, count in earned.items()
    }


def take_back(order: Order, shares: Mapping[str, int], *, key: str, now: datetime) -> None:
    """Take back these points, as far as they are still held. The same key again changes nothing."""
    reason = _("Given back: order %(number)s") % {"number": order.number}
    points.take_back(order.customer_id, shares, key=key, reason=reason, now=now)
