"""What is in a basket at this moment: a basket holds no prices.

They are read, with what is left in stock, in two statements however full it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from apps.catalog.models import ProductPrice, ProductStatus, Variant
from apps.core.money import Money
from apps.memberships.models import Price

from .models import Basket, BasketLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line of a basket at this moment. `unit` is None where it is not sold (any more, or in this currency); `left` is
    None where stock is not counted. `was` is the ordinary price when it was put in, where that has changed; `saving` is
    what members pay less for all of it, where this is not a member."""

    pk: int
    variant: Variant
    quantity: int
    ordinary: Money | None
    unit: Money | None
    left: int | None
    was: Money | None
    saving: Money | None = None

    @property
    def amount(self) -> Money | None:
        return None if self.unit is None else self.unit * self.quantity

    @property
    def is_member_price(self) -> bool:
        return self.unit is not None and self.unit != self.ordinary

    @property
    def is_sold_out(self) -> bool:
        return self.left == 0

    @property
    def is_short(self) -> bool:
        """Whether some are left, but not so many."""
        return self.left is not None and 0 < self.left < self.quantity

    @property
    def can_be_bought(self) -> bool:
        return self.unit is not None and (self.left is None or self.left >= self.quantity)


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
        items = [_item(line, prices.get(line.variant_id), currency=currency, member=member) for line in lines]
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
        return any(item.variant.product.is_shipped for item in self.items)

    @property
    def grams(self) -> int:
        return sum(item.variant.weight_grams * item.quantity for item in self.items if item.variant.product.is_shipped)


def _item(line: BasketLine, price: ProductPrice | None, *, currency: str, member: bool) -> Item:
    variant = line.variant
    on_sale = variant.is_active and variant.product.status == ProductStatus.PUBLISHED and variant.product.is_sold_alone
    if not on_sale:
        price = None
    stock = getattr(variant, "stock", None)
    seen = Money(line.seen_minor, line.currency)
    has_changed = price is not None and line.currency == currency and seen != price.amount
    return Item(
        pk=line.pk,
        variant=variant,
        quantity=line.quantity,
        ordinary=price.amount if price else None,
        unit=price.amount_for(member=member) if price else None,
        left=stock.available if stock else None,
        was=seen if has_changed else None,
        saving=price.member_saving * line.quantity if price and price.member_saving and not member else None,
    )
