"""What the shop shows and sells: categories, products with their variants, prices and stock, and guides for members."""

from .bundles import BundleChoice, BundleSlot
from .category import Category
from .guides import Guide, GuideView
from .kinds import Kind, ProductStatus
from .offered import Offered
from .pictures import ProductPicture
from .prices import ProductPrice
from .product import Product
from .product_sets import ProductQuerySet
from .reviews import Review, ReviewAnswer, ReviewStatus
from .variants import Stock, StockMove, Variant

__all__ = [
    "BundleChoice",
    "BundleSlot",
    "Category",
    "Guide",
    "GuideView",
    "Kind",
    "Offered",
    "Product",
    "ProductPicture",
    "ProductPrice",
    "ProductQuerySet",
    "ProductStatus",
    "Review",
    "ReviewAnswer",
    "ReviewStatus",
    "Stock",
    "StockMove",
    "Variant",
]
