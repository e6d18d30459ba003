"""A variant as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps.catalog import rules

from .prices import ProductPrice

if TYPE_CHECKING:
    from .variants import Variant


@dataclass(frozen=True, slots=True)
class Offered:
    """A variant with its price in the visitor's currency. The price carries its variant, and that its stock.

    `bundled` is how many of a bundle can be sold, which has no stock of its own.
    """

    price: ProductPrice
    bundled: int | None = None

    @property
    def variant(self) -> Variant:
        return self.price.variant

    @property
    def left(self) -> int | None:
        """How many can still be sold; None where they are not counted."""
        return self.variant.left if self.bundled is None else self.bundled

    @property
    def is_sold_out(self) -> bool:
        return self.left == 0

    @property
    def is_scarce(self) -> bool:
        """Whether few are left, which the visitor should know."""
        return self.left is not None and 0 < self.left <= rules.FEW
