"""The pages of the back office for orders, parcels and what sending costs."""

from . import orders, shipping

__all__ = ["orders", "shipping"]
