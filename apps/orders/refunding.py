"""Giving money back: all of an order that has not left, or parts of one that has.

Billing writes the credit notes, line by line, so that tax, ledger and numbers are right; what the card paid goes back
to the card, what credit paid becomes credit again, and the points that it brought are taken back. Locks are taken in
one order: invoice, order, payment, points, stock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.billing import corrections
from apps.billing.models import Invoice, InvoiceLine
from apps.catalog import stock

from . import drafting, emails, lifecycle, rewards, rules, settling
from .boxes import extras, worth
from .errors import OrderRefused, TooMuch
from .models import BoxDelivery, Order, OrderLine, OrderRefund, OrderRefundLine, OrderStatus

_SENT = {OrderStatus.SHIPPED, OrderStatus.DELIVERED}
_REFUNDABLE = {*_SENT, OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.COMPLETED, OrderStatus.RETURNED}


@transaction.atomic
def cancel(order_id: int, *, reason: str, actor: str, until_packed: bool = False, now: datetime) -> Order:
    """PAID | PACKED -> CANCELLED: everything is for sale again, and all that was paid goes back. Cancelled already:
    nothing.

    `until_packed` is for customers, who can call an order off until staff have packed it; a box they skip instead, or
    leave its contract. Raises OrderRefused for one that is too far on its way, and for one whose money cannot go back
    (a dispute holds it).
    """
    order = _lock(order_id)
    if order.status == OrderStatus.CANCELLED:
        return order
    allowed = {OrderStatus.PAID} if until_packed else {OrderStatus.PAID, OrderStatus.PACKED}
    if order.status not in allowed or order.shipments.exists():
        raise OrderRefused(_("This order is on its way already, and cannot be cancelled any more."))
    if until_packed and order.kind == Order.Kind.BOX:
        raise OrderRefused(_("A box cannot be cancelled by itself. You can skip the next one, or cancel the contract."))
    left = {pk: minor for pk, minor in worth.left_of(order).items() if minor}
    if sum(left.values()):
        _credit(order, left, key=f"order-cancelled:{order.pk}", reason=reason, now=now)
        shipping = order.shipping_minor - order.refunded_shipping_minor
        refund = _write(
            order, f"cancelled:{order.pk}", sum(left.values()), shipping, reason=reason, actor=actor, now=now
        )
        refund.restocked = True
        refund.save(update_fields=["restocked"])
    settling.give_back_all(order, now=now, actor=actor)
    for line in order.lines.all():
        line.refunded_quantity = line.returned_quantity = line.quantity
        line.save(update_fields=["refunded_quantity", "returned_quantity"])
    order.refunded_shipping_minor = order.shipping_minor
    lifecycle.cancel(order, reason=reason, actor=actor, now=now)
    extras.release_from(order)
    emails.cancelled(order, now=now)
    return order


@transaction.atomic
def give_back(
    order_id: int,
    *,
    pieces: Mapping[int, int],
    shipping: bool,
    restock: bool,
    reason: str,
    actor: str,
    key: str,
    now: datetime,
) -> OrderRefund:
    """Give money back for pieces (by line) and, where `shipping`, for what is left of shipping. `restock` says that the
    pieces came back and can be sold again; when all of an order that was sent has come back, it is RETURNED.

    `key` names the occasion: repeated, it returns the first refund. Raises TooMuch for more than was not given back
    before, and OrderRefused for an order that was never paid.
    """
    order = _lock(order_id)
    done = OrderRefund.objects.filter(order=order, key=key).first()
    if done is not None:
        return done
    if order.status not in _REFUNDABLE or worth.invoice_of(order) is None:
        raise OrderRefused(_("Nothing was paid for this order, or all of it was given back."))
    lines = {line.pk: line for line in order.lines.prefetch_related("pieces")}
    wanted = {lines[pk]: count for pk, count in pieces.items() if count and pk in lines}
    if any(count < 0 or count > line.left for line, count in wanted.items()):
        raise TooMuch(_("There are not so many pieces left to give money back for."))
    chosen, amounts, shipping_minor = _parts(order, wanted, shipping=shipping)
    if not chosen or sum(chosen.values()) <= 0:
        raise TooMuch(_("There is nothing left to give back."))
    _credit(order, chosen, key=f"order-refund:{key}", reason=reason, now=now)
    refund = _write(order, key, sum(chosen.values()), shipping_minor, reason=reason, actor=actor, now=now)
    OrderRefundLine.objects.bulk_create(
        OrderRefundLine(refund=refund, line=line, quantity=count, amount_minor=amounts[line.pk])
        for line, count in wanted.items()
    )
    for line, count in wanted.items():
        line.refunded_quantity += count
        line.returned_quantity += count if restock else 0
        line.save(update_fields=["refunded_quantity", "returned_quantity"])
    if shipping:
        order.refunded_shipping_minor = order.shipping_minor
        order.save(update_fields=["refunded_shipping_minor"])
    if restock and wanted:
        _restock(order, refund, drafting.pieces(wanted), actor=actor, now=now)
    told = [f"{count} × {line.description}" for line, count in wanted.items()]
    emails.refunded(refund, lines=told, now=now)
    return refund


def _restock(order: Order, refund: OrderRefund, pieces: Mapping[int, int], *, actor: str, now: datetime) -> None:
    refund.restocked = True
    refund.save(update_fields=["restocked"])
    stock.give_back(pieces, key=f"order-refund:{refund.pk}", now=now, actor=actor)
    if order.status in _SENT and all(line.returned_quantity == line.quantity for line in order.lines.all()):
        lifecycle.take_back(order, reason=refund.reason, actor=actor, now=now)


def _parts(
    order: Order, wanted: Mapping[OrderLine, int], *, shipping: bool
) -> tuple[dict[int, int], dict[int, int], int]:
    """What of each line of the invoice is given back; what that is for each line of the order; and for shipping."""
    if order.kind == Order.Kind.BOX:
        return _box_parts(order, wanted)
    assert order.invoice is not None, "it is paid"
    goods, sending = _invoiced(order, order.invoice)
    chosen: dict[int, int] = {}
    amounts: dict[int, int] = {}
    for line, count in wanted.items():
        shares = {
            row.pk: rules.share_of(
                row.amount_minor, quantity=line.quantity, given_back=line.refunded_quantity, pieces=count
            )
            for row in goods[line.position]
        }
        chosen |= shares
        amounts[line.pk] = sum(shares.values())
    owed = shipping and order.refunded_shipping_minor < order.shipping_minor
    shipped = {row.pk: row.amount_minor for row in sending if row.amount_minor} if owed else {}
    return {pk: minor for pk, minor in (chosen | shipped).items() if minor}, amounts, sum(shipped.values())


def _invoiced(order: Order, invoice: Invoice) -> tuple[dict[int, list[InvoiceLine]], list[InvoiceLine]]:
    """The lines of the invoice for each line of the order, by its position, and those for shipping. Invoices from the
    time when a variant was in one line only do not say the position."""
    by_variant = {line.variant_id: line.position for line in order.lines.all()}
    goods: dict[int, list[InvoiceLine]] = {}
    sending: list[InvoiceLine] = []
    for row in invoice.lines.all():
        if row.kind == "shipping":
            sending.append(row)
        else:
            position = row.inputs.get("position") or by_variant[row.inputs["variant"]]
            goods.setdefault(position, []).append(row)
    return goods, sending


def _box_parts(order: Order, wanted: Mapping[OrderLine, int]) -> tuple[dict[int, int], dict[int, int], int]:
    """As `_parts`, of a box, which is sent free."""
    chosen = {line: worth.parts(order, line, boxes=count) for line, count in wanted.items()}
    amounts = {line.pk: sum(found.values()) for line, found in chosen.items()}
    return {pk: minor for found in chosen.values() for pk, minor in found.items() if minor}, amounts, 0


def _credit(order: Order, chosen: Mapping[int, int], *, key: str, reason: str, now: datetime) -> None:
    """Take the parts of the invoice back, and the points that they brought."""
    invoice = worth.invoice_of(order)
    assert invoice is not None, "it is paid"
    brought = rewards.share(invoice, chosen)
    try:
        corrections.lines(invoice.pk, chosen=chosen, key=key, reason=reason, now=now)
    except (corrections.CannotCredit, corrections.CannotRefund) as problem:
        raise TooMuch(
            _("So much cannot be given back: a part of it went back already, or a bank holds it.")
        ) from problem
    rewards.take_back(order, brought, key=key, now=now)


def _write(
    order: Order, key: str, amount: int, shipping: int, *, reason: str, actor: str, now: datetime
) -> OrderRefund:
    return OrderRefund.objects.create(
        order=order,
        key=key,
        currency=order.currency,
        amount_minor=amount,
        shipping_minor=shipping,
        reason=reason,
        actor=actor,
        at=now,
    )


def _lock(order_id: int) -> Order:
    paid = Q(order=order_id) | Q(pk__in=BoxDelivery.objects.filter(order=order_id).values("invoice"))
    list(Invoice.objects.filter(paid).select_for_update(of=("self",)).values_list("pk"))
    rows = Order.objects.select_for_update(of=("self",)).select_related("customer", "invoice", "promotion")
    return rows.get(pk=order_id)
