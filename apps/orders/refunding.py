"""Giving money back: all of an order that has not left, or parts of one that has.

Billing writes the credit notes, line by line, so that tax, ledger and numbers are right; what the card paid goes back
to the card, what credit paid becomes credit again, and the points that it brought are taken back. Locks are taken in
one order: invoice, order, payment, points, stock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.billing import corrections
from apps.billing.models import Invoice
from apps.catalog import stock

from . import drafting, emails, lifecycle, naming, parts, rewards, settling
from .boxes import extras, worth
from .errors import OrderRefused, TooMuch
from .models import (
    BoxDelivery,
    Order,
    OrderLine,
    OrderPiece,
    OrderRefund,
    OrderRefundLine,
    OrderRefundPiece,
    OrderStatus,
)

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
    left = {pk: minor for pk, minor in parts.left_of(order).items() if minor}
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
        _close(line)
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
    inside: Mapping[int, int] | None = None,
    shipping: bool,
    restock: bool,
    reason: str,
    actor: str,
    key: str,
    now: datetime,
) -> OrderRefund:
    """Give money back for pieces (by line), for single pieces `inside` bundles (by piece, of all bundles of the line)
    and, where `shipping`, for what is left of shipping. A single piece has its share of the bundle's price, by what
    each piece cost by itself. `restock` says that the pieces came back and can be sold again; when all of an order that
    was sent has come back, it is RETURNED.

    `key` names the occasion: repeated, it returns the first refund. Raises TooMuch for more than was not given back
    before (a bundle of which a piece was is not whole any more), and OrderRefused for an order that was never paid.
    """
    order = _lock(order_id)
    done = OrderRefund.objects.filter(order=order, key=key).first()
    if done is not None:
        return done
    if order.status not in _REFUNDABLE or worth.invoice_of(order) is None:
        raise OrderRefused(_("Nothing was paid for this order, or all of it was given back."))
    lines = {line.pk: line for line in order.lines.prefetch_related("pieces")}
    held = {piece.pk: piece for line in lines.values() for piece in line.pieces.all()}
    wanted = {lines[pk]: count for pk, count in pieces.items() if count and pk in lines}
    singles = {held[pk]: count for pk, count in (inside or {}).items() if count and pk in held}
    if not _are_there(wanted, singles):
        raise TooMuch(_("There are not so many pieces left to give money back for."))
    return _give_back(
        order, wanted, singles, shipping=shipping, restock=restock, reason=reason, actor=actor, key=key, now=now
    )


def _are_there(wanted: Mapping[OrderLine, int], singles: Mapping[OrderPiece, int]) -> bool:
    """Whether so much of each was not given back, neither by itself nor with the whole bundle."""
    if any(count < 0 or count > line.left for line, count in wanted.items()):
        return False
    with_bundles = {piece: wanted.get(piece.line, 0) * piece.quantity for piece in singles}
    return all(0 < count <= piece.left - with_bundles[piece] for piece, count in singles.items())


def _give_back(
    order: Order,
    wanted: Mapping[OrderLine, int],
    singles: Mapping[OrderPiece, int],
    *,
    shipping: bool,
    restock: bool,
    reason: str,
    actor: str,
    key: str,
    now: datetime,
) -> OrderRefund:
    for line in {piece.line for piece in singles}:
        parts.weigh(line)
    charged = parts.charged(order)
    of_lines = {line: parts.of_line(line, charged[line.pk], count=count) for line, count in wanted.items()}
    of_pieces = {piece: parts.of_piece(piece, charged[piece.line_id], count=n) for piece, n in singles.items()}
    sending = parts.shipping(order) if shipping else {}
    chosen: Counter[int] = Counter(sending)
    for share in (*of_lines.values(), *of_pieces.values()):
        chosen.update(share)
    if sum(chosen.values()) <= 0:
        raise TooMuch(_("There is nothing left to give back."))
    back = {pk: minor for pk, minor in chosen.items() if minor}
    _credit(order, back, key=f"order-refund:{key}", reason=reason, now=now)
    paid_for_sending = sum(sending.values())
    refund = _write(order, key, sum(back.values()), paid_for_sending, reason=reason, actor=actor, now=now)
    OrderRefundLine.objects.bulk_create(
        OrderRefundLine(refund=refund, line=line, quantity=count, amount_minor=sum(of_lines[line].values()))
        for line, count in wanted.items()
    )
    OrderRefundPiece.objects.bulk_create(
        OrderRefundPiece(refund=refund, piece=piece, quantity=count, amount_minor=sum(of_pieces[piece].values()))
        for piece, count in singles.items()
    )
    back_of: list[tuple[OrderLine | OrderPiece, int]] = [*wanted.items(), *singles.items()]
    for row, count in back_of:
        row.refunded_quantity += count
        row.returned_quantity += count if restock else 0
        row.save(update_fields=["refunded_quantity", "returned_quantity"])
    if shipping:
        order.refunded_shipping_minor = order.shipping_minor
        order.save(update_fields=["refunded_shipping_minor"])
    if restock and (wanted or singles):
        _restock(order, refund, drafting.pieces(wanted, singles), actor=actor, now=now)
    told = [naming.piece(count, line.description) for line, count in wanted.items()]
    told += [naming.out_of(count, piece.description, piece.line.description) for piece, count in singles.items()]
    emails.refunded(refund, lines=told, now=now)
    return refund


def _close(line: OrderLine) -> None:
    """All of the line was given back, and is here."""
    opened = line.opened
    line.refunded_quantity = line.returned_quantity = line.quantity - opened
    line.save(update_fields=["refunded_quantity", "returned_quantity"])
    for piece in line.pieces.all():
        piece.refunded_quantity = piece.returned_quantity = piece.quantity * opened
        piece.save(update_fields=["refunded_quantity", "returned_quantity"])


def _restock(order: Order, refund: OrderRefund, pieces: Mapping[int, int], *, actor: str, now: datetime) -> None:
    refund.restocked = True
    refund.save(update_fields=["restocked"])
    stock.give_back(pieces, key=f"order-refund:{refund.pk}", now=now, actor=actor)
    if order.status in _SENT and all(line.came_back for line in order.lines.prefetch_related("pieces")):
        lifecycle.take_back(order, reason=refund.reason, actor=actor, now=now)


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
