"""What one parcel is worth: its share of each line of the invoice that paid for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from apps.billing.models import Invoice, InvoiceLine
from apps.orders import rules
from apps.orders.models import BoxDelivery, Order


def is_given(lines: Collection[InvoiceLine]) -> bool:
    """Whether the invoice with these lines was paid by a gift."""
    return any("gift" in line.inputs for line in lines)


def amounts_of(delivery: BoxDelivery, lines: Collection[InvoiceLine]) -> Mapping[int, int]:
    """The parcel's share of each line of its invoice, in minor units, tax included: all of it, or of a gift that owes
    several parcels an even part. The parts of all parcels sum to the line."""
    place, of = _place(delivery)
    return {line.pk: _share(line.amount_minor, place, of) for line in lines}


def tax_of(delivery: BoxDelivery, lines: Collection[InvoiceLine]) -> int:
    """The parcel's share of the tax, in minor units."""
    place, of = _place(delivery)
    return sum(_share(line.tax_minor, place, of) for line in lines)


def invoice_of(order: Order) -> Invoice | None:
    """The invoice that paid for an order; that of a given box paid for others too."""
    if order.kind == Order.Kind.BOX:
        return order.delivery.invoice
    return order.invoice


def nearer(minor: int, limit: int) -> int:
    """The smaller of two amounts of one sign."""
    return min(minor, limit) if limit >= 0 else max(minor, limit)


def _share(minor: int, place: int, of: int) -> int:
    return rules.share_of(minor, quantity=of, given_back=place, pieces=1)


def _place(delivery: BoxDelivery) -> tuple[int, int]:
    """Which of the parcels of its invoice this one is, from 0, and of how many. One query."""
    numbers = BoxDelivery.objects.filter(invoice=delivery.invoice_id).order_by("number")
    every = list(numbers.values_list("number", flat=True))
    return every.index(delivery.number), len(every)
