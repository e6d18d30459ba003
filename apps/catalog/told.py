"""The numbers of pieces that visitors are told, which change with each sale while nobody edits anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, IntegerField, OuterRef, Value
from django.db.models.functions import JSONArray, Least

from .models import Product, ProductPrice, Stock
from .rules import FEW

# Of more than a few nobody is told how many there are.
_MANY = FEW + 1


def by_products(products: Iterable[Product]) -> dict[int, int] | None:
    """What is told of products that `for_cards` fetched: how many are left by variant, many being one number. None
    where a bundle is among them, which can be sold as long as there is enough of what is in it."""
    told: dict[int, int] = {}
    for product in products:
        if product.is_bundle:
            return None
        left = {price.variant_id: price.variant.left for price in product.prices_shown}
        told |= {pk: min(number, _MANY) for pk, number in left.items() if number is not None}
    return told


def in_statement(currency: str) -> ArraySubquery:
    """An annotation of products with the same, as a list of pairs."""
    prices = ProductPrice.objects.filter(product=OuterRef("pk"), currency=currency, variant__is_active=True)
    counted = prices.filter(variant__stock__isnull=False).order_by("variant")
    left = Least(F("variant__stock__available"), Value(_MANY, output_field=IntegerField()))
    return ArraySubquery(counted.values(pair=JSONArray("variant", left)))


def is_still_true(told: Mapping[int, int]) -> bool:
    """Whether what was told is true now. One query."""
    left = Stock.objects.available(list(told))
    return {pk: min(number, _MANY) for pk, number in left.items()} == told
