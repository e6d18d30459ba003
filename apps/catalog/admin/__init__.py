"""The catalogue in the back office."""

from .bundles import BundleSlotAdmin
from .guides import GuideViewAdmin
from .products import CategoryAdmin, ProductAdmin
from .reviews import ReviewAdmin
from .stock import StockMoveAdmin, VariantAdmin

__all__ = [
    "BundleSlotAdmin",
    "CategoryAdmin",
    "GuideViewAdmin",
    "ProductAdmin",
    "ReviewAdmin",
    "StockMoveAdmin",
    "VariantAdmin",
]
