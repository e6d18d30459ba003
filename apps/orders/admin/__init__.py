"""The pages of the back office for orders, boxes, parcels and what sending costs."""

from . import boxes, orders, shipping

__all__ = ["boxes", "orders", "shipping"]
