"""The catalogue in the back office."""

from .guides import GuideViewAdmin
from .products import CategoryAdmin, ProductAdmin
from .stock import StockMoveAdmin, VariantAdmin

__all__ = ["CategoryAdmin", "GuideViewAdmin", "ProductAdmin", "StockMoveAdmin", "VariantAdmin"]
