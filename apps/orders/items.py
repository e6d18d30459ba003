"""One line of a basket as it is at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from apps.catalog import bundles
from apps.catalog.models import BundleChoice, BundleSlot, Variant
from apps.core.money import Money

from . import naming
from .models import Goods


@dataclass(frozen=True, kw_only=True)
class Packed:
    """What is in one of a bundle: `filled` is what was picked for its `slots`, in order. `problem` says to the customer
    why it cannot be packed like this any more; nothing is filled then. Both are empty for what is no bundle."""

    slots: Sequence[BundleSlot] = ()
    filled: Sequence[BundleChoice] = ()
    problem: str = ""

    @property
    def can_be_chosen(self) -> bool:
        """Whether there is anything to pick, or to agree to again, and something to pick for each slot."""
        is_open = bool(self.problem) or any(not slot.is_fixed for slot in self.slots)
        return bool(self.slots) and is_open and all(slot.can_be_filled for slot in self.slots)

    @property
    def picked(self) -> set[int]:
        """The choices (by id) that are in it."""
        return {choice.pk for choice in self.filled}

    @property
    def named(self) -> list[str]:
        return [naming.piece(choice.slot.quantity, choice.variant) for choice in self.filled]

    def pieces(self, variant: Variant) -> dict[int, int]:
        """What one of `variant`, packed like this, takes out of stock, by variant; nothing if it cannot be packed."""
        if not variant.product.is_bundle:
            return {variant.pk: 1}
        return bundles.pieces(self.filled)

    @property
    def gone(self) -> list[Variant]:
        """Of what there is not enough for even one."""
        needed = bundles.pieces(self.filled)
        variants = {choice.variant_id: choice.variant for choice in self.filled}
        return [one for pk, one in variants.items() if one.left is not None and one.left < needed[pk]]


@dataclass(frozen=True, kw_only=True)
class Item:
    """A line of a basket at this moment. `unit` is None where it is not sold (any more, or in this currency).

    `left` is how many of it the lines above leave in stock, `alone` how many there would be without them; both are None
    where stock is not counted. `was` is the ordinary price when it was put in, where that has changed; `saving` is what
    members pay less for all of it, where this is not a member.
    """

    pk: int
    goods: Goods
    variant: Variant
    quantity: int
    packed: Packed
    ordinary: Money | None
    unit: Money | None
    left: int | None
    alone: int | None
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
        return self.alone == 0

    @property
    def is_taken(self) -> bool:
        """Whether the lines above need all that is left."""
        return self.left == 0 and not self.is_sold_out

    @property
    def is_short(self) -> bool:
        """Whether some are left, but not so many."""
        return self.left is not None and 0 < self.left < self.quantity

    @property
    def can_be_bought(self) -> bool:
        is_there = self.left is None or self.left >= self.quantity
        return self.unit is not None and is_there and not self.packed.problem

    @cached_property
    def pieces(self) -> dict[int, int]:
        """What one of it takes out of stock, by variant."""
        return self.packed.pieces(self.variant)

    @property
    def within(self) -> str:
        """What is in it, in words; empty for what is no bundle."""
        return naming.within(self.packed.named, quantity=self.quantity)

    @property
    def is_shipped(self) -> bool:
        """Whether it, or anything in it, comes in a parcel."""
        if self.packed.filled:
            return any(choice.variant.product.is_shipped for choice in self.packed.filled)
        return self.variant.product.is_shipped

    @property
    def grams(self) -> int:
        """The weight of all of it. A bundle without a weight of its own weighs what is in it."""
        if not self.is_shipped:
            return 0
        parts = sum(choice.variant.weight_grams * choice.slot.quantity for choice in self.packed.filled)
        return (self.variant.weight_grams or parts) * self.quantity
