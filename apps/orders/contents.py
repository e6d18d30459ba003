"""What is in a basket at this moment: a basket holds no prices.

They are read, with what is left in stock, in two statements however full it is, and in two more where there is a
bundle. Lines that need the same pieces share what is left of them: each has what those above it leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from apps.catalog import bundles
from apps.catalog.models import BundleSlot, ProductPrice, ProductStatus, Variant
from apps.core.money import Money
from apps.memberships.models import Price

from . import rules
from .items import Item, Packed
from .models import Basket, BasketLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All that is in a basket. `member` says whether members' prices are those shown."""

    basket: Basket | None
    items: list[Item]
    currency: str
    member: bool

    @classmethod
    def read(cls, basket: Basket | None, *, currency: str, member: bool) -> Self:
        """What is in it, at the prices of this moment."""
        if basket is None:
            return cls(basket=None, items=[], currency=currency, member=member)
        lines = list(basket.lines.select_related("variant__product", "variant__stock"))
        listed = ProductPrice.objects.filter(currency=currency, variant__in=[line.variant_id for line in lines])
        prices = {price.variant_id: price for price in listed}
        packed = _pack_all(lines)
        counted = there = _counted(lines, packed)
        items = []
        for line, inside in zip(lines, packed, strict=True):
            pieces = inside.pieces(line.variant)
            price = prices.get(line.variant_id) if _is_on_sale(line.variant) else None
            left, alone = rules.enough_for(there, pieces), rules.enough_for(counted, pieces)
            items.append(_item(line, inside, price, left=left, alone=alone, currency=currency, member=member))
            if left and price is not None:
                there = rules.without(there, pieces, times=min(left, line.quantity))
        return cls(basket=basket, items=items, currency=currency, member=member)

    @property
    def price(self) -> Price | None:
        """The membership in it."""
        return self.basket.price if self.basket else None

    @property
    def is_empty(self) -> bool:
        return not self.items and self.price is None

    @property
    def can_be_ordered(self) -> bool:
        """Whether there are goods, all of which can be bought."""
        return bool(self.items) and all(item.can_be_bought for item in self.items)

    @property
    def subtotal(self) -> Money:
        """The goods, as far as they can be bought at all."""
        return sum((item.amount for item in self.items if item.amount is not None), Money(0, self.currency))

    @property
    def saving(self) -> Money:
        """What a member would pay less."""
        return sum((item.saving for item in self.items if item.saving is not None), Money(0, self.currency))

    @property
    def count(self) -> int:
        return sum(item.quantity for item in self.items) + (1 if self.price else 0)

    @property
    def is_shipped(self) -> bool:
        """Whether anything in it comes in a parcel."""
        return any(item.is_shipped for item in self.items)

    @property
    def grams(self) -> int:
        return sum(item.grams for item in self.items)


def _pack_all(lines: Sequence[BasketLine]) -> list[Packed]:
    """What is in one of each line. One query where there is a bundle."""
    slots = bundles.slots_of({line.variant.product_id for line in lines if line.variant.product.is_bundle})
    return [_pack(line, slots.get(line.variant.product_id)) for line in lines]


def _pack(line: BasketLine, slots: Sequence[BundleSlot] | None) -> Packed:
    if slots is None:
        return Packed()
    try:
        return Packed(slots=slots, filled=bundles.fill(slots, line.picked))
    except bundles.InvalidChoice as problem:
        return Packed(slots=slots, problem=str(problem))


def _counted(lines: Sequence[BasketLine], packed: Sequence[Packed]) -> dict[int, int]:
    """How many are left of each variant in the basket that is counted."""
    alone = [line.variant for line in lines if not line.variant.product.is_bundle]
    inside = [choice.variant for one in packed for choice in one.filled]
    return {variant.pk: variant.left for variant in [*alone, *inside] if variant.left is not None}


def _is_on_sale(variant: Variant) -> bool:
    product = variant.product
    return variant.is_active and product.status == ProductStatus.PUBLISHED and product.is_sold_alone


def _item(
    line: BasketLine,
    packed: Packed,
    price: ProductPrice | None,
    *,
    left: int | None,
    alone: int | None,
    currency: str,
    member: bool,
) -> Item:
    seen = Money(line.seen_minor, line.currency)
    has_changed = price is not None and line.currency == currency and seen != price.amount
    return Item(
        pk=line.pk,
        goods=line.goods,
        variant=line.variant,
        quantity=line.quantity,
        packed=packed,
        ordinary=price.amount if price else None,
        unit=price.amount_for(member=member) if price else None,
        left=left,
        alone=alone,
        was=seen if has_changed else None,
        saving=price.member_saving * line.quantity if price and price.member_saving and not member else None,
    )
