"""The invoice of an order: exactly what was agreed to at checkout, whatever prices have become since.

The order keeps the lines of its quote, and how its customer was taxed, so that the invoice is written from what was on
the screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from apps.accounts import addresses
from apps.billing.drafts import LineDraft
from apps.billing.models import Supply, TaxRounding, TaxTreatment
from apps.billing.taxation import Taxation

from .models import Goods, Order, OrderLine, OrderPiece


def quantities(order: Order) -> dict[int, int]:
    """How many pieces of each variant leave the stock: of a bundle, what is in it. Reads the lines and pieces."""
    return pieces({line: line.quantity for line in _lines_of(order)})


def left(order: Order) -> dict[int, int]:
    """How many pieces of each variant were not given back. Reads the lines and pieces."""
    counted: Counter[int] = Counter()
    for line in _lines_of(order):
        counted.update(line.still_out())
    return {variant: count for variant, count in counted.items() if count}


def pieces(counts: Mapping[OrderLine, int], singles: Mapping[OrderPiece, int] | None = None) -> dict[int, int]:
    """The pieces (by variant) of so many of each line, and so many single ones out of bundles. Reads the pieces."""
    counted: Counter[int] = Counter()
    for line, count in counts.items():
        counted.update(line.taken(count))
    for piece, count in (singles or {}).items():
        counted[piece.variant_id] += count
    return dict(counted)


def goods(order: Order) -> dict[Goods, int]:
    """What was ordered, as a basket knows it. Reads the lines."""
    return {line.goods: line.quantity for line in order.lines.all()}


def keep(lines: Sequence[LineDraft], taxation: Taxation) -> dict[str, Any]:
    """The lines and the taxation as an order stores them."""
    kept = ("kind", "description", "amount_minor", "tax_basis_points", "quantity", "unit_minor", "inputs", "supply")
    facts = asdict(taxation) | {"treatment": taxation.treatment.value, "rounding": taxation.rounding.value}
    return {"lines": [{name: getattr(line, name) for name in kept} for line in lines], "taxation": facts}


def lines(order: Order) -> list[LineDraft]:
    rows = order.agreed["lines"]
    return [LineDraft(**{**facts, "supply": Supply(facts.get("supply", Supply.SERVICE))}) for facts in rows]


def taxation(order: Order) -> Taxation:
    """How the order is taxed; where the customer has no billing address, the parcel's is on the invoice."""
    facts: Mapping[str, Any] = order.agreed["taxation"]
    printed = facts["address"] or "\n".join(addresses.lines(order.address)[1:] if order.address else [])
    return Taxation(
        company=facts["company"],
        address=printed,
        tax_number=facts["tax_number"],
        treatment=TaxTreatment(facts["treatment"]),
        rounding=TaxRounding(facts["rounding"]),
    )


def _lines_of(order: Order) -> list[OrderLine]:
    return list(order.lines.prefetch_related("pieces"))
