"""What parts of an order are worth: whole lines, some of a line, single pieces out of its bundles.

Each is a share of what was charged for its line, in minor units with tax, by the lines of the invoice. Whatever the
parts are, all of them sum to what was charged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from apps.billing import corrections
from apps.billing.models import InvoiceLine
from apps.catalog.models import ProductPrice

from . import rules
from .boxes import worth
from .models import Order, OrderLine, OrderPiece


def charged(order: Order) -> dict[int, dict[int, int]]:
    """What was charged for each line of an order (by id), of each line of its invoice."""
    lines = list(order.lines.all())
    if order.kind == Order.Kind.BOX:
        [line] = lines
        return {line.pk: dict(worth.amounts_of(order.delivery, list(order.delivery.invoice.lines.all())))}
    assert order.invoice is not None, "it is paid"
    by_variant = {line.variant_id: line.position for line in lines}
    by_position: dict[int, dict[int, int]] = {line.position: {} for line in lines}
    for row in order.invoice.lines.all():
        if row.kind != "shipping":
            # Invoices from the time when a variant was in one line only do not say the position.
            position = row.inputs.get("position") or by_variant[row.inputs["variant"]]
            by_position[position][row.pk] = row.amount_minor
    return {line.pk: by_position[line.position] for line in lines}


def shipping(order: Order) -> dict[int, int]:
    """What was charged for shipping, of each line of the invoice; nothing where it went back, or for a box."""
    if order.invoice is None or order.refunded_shipping_minor >= order.shipping_minor:
        return {}
    rows: list[InvoiceLine] = [row for row in order.invoice.lines.all() if row.kind == "shipping"]
    return {row.pk: row.amount_minor for row in rows if row.amount_minor}


def of_line(line: OrderLine, amounts: Mapping[int, int], *, count: int) -> dict[int, int]:
    """What the next `count` of a line are worth, of bundles whole ones."""
    given_back = line.refunded_quantity
    return {pk: _bundles(minor, line, given_back=given_back, count=count) for pk, minor in amounts.items()}


def of_piece(piece: OrderPiece, amounts: Mapping[int, int], *, count: int) -> dict[int, int]:
    """What the next `count` single pieces are worth, out of the bundles of their line. At most one query."""
    return _pieces(piece, amounts, given_back=piece.refunded_quantity, count=count)


def left_of(order: Order) -> dict[int, int]:
    """What is left of an order of each line of its invoice, in minor units, tax included, and was not given back."""
    invoice = worth.invoice_of(order)
    left = corrections.left_of_lines(invoice) if invoice is not None else {}
    if invoice is None or order.invoice is not None:
        return left
    [line] = order.lines.all()
    mine = charged(order)[line.pk]
    gone = Counter(
        {pk: _bundles(minor, line, given_back=0, count=line.refunded_quantity) for pk, minor in mine.items()}
    )
    for piece in line.pieces.all():
        gone.update(_pieces(piece, mine, given_back=0, count=piece.refunded_quantity))
    return {pk: worth.nearer(mine[pk] - gone[pk], minor) for pk, minor in left.items()}


def weigh(line: OrderLine) -> None:
    """Write down what the pieces of a line weigh, so that all that is ever given back of it is shared out alike."""
    every = list(line.pieces.all())
    for piece, weight in zip(every, _weights(line, every), strict=True):
        if piece.weight != weight:
            piece.weight = weight
            piece.save(update_fields=["weight"])


def _bundles(minor: int, line: OrderLine, *, given_back: int, count: int) -> int:
    return rules.share_of(minor, quantity=line.quantity, given_back=given_back, pieces=count)


def _pieces(piece: OrderPiece, amounts: Mapping[int, int], *, given_back: int, count: int) -> dict[int, int]:
    every = list(piece.line.pieces.all())
    which = next(place for place, other in enumerate(every) if other.pk == piece.pk)
    quantities, weights = [other.quantity for other in every], _weights(piece.line, every)
    return {
        pk: rules.piece_share(
            minor,
            bundles=piece.line.quantity,
            pieces=quantities,
            weights=weights,
            which=which,
            given_back=given_back,
            count=count,
        )
        for pk, minor in amounts.items()
    }


def _weights(line: OrderLine, pieces: list[OrderPiece]) -> list[int]:
    """What was written down; where something is missing, what each costs today, and all the same where one has no
    price at all."""
    written = [piece.weight for piece in pieces if piece.weight]
    if len(written) == len(pieces):
        return written
    today = prices_of([piece.variant_id for piece in pieces], currency=line.order.currency)
    known = [piece.weight or today.get(piece.variant_id, 0) for piece in pieces]
    return known if all(known) else [1] * len(pieces)


def prices_of(variants: Collection[int], *, currency: str) -> dict[int, int]:
    """What each variant costs by itself, in minor units with tax; without those that have no price. One query."""
    listed = ProductPrice.objects.filter(currency=currency, variant__in=variants)
    return dict(listed.values_list("variant_id", "amount_minor"))
