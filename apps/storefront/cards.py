"""The cards of goods: the same for all visitors of a language and a currency, each kept until what it says changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import get_language

from apps.catalog import told
from apps.catalog.models import Kind, Product, ProductQuerySet

from . import currency, kept

_TEMPLATE = "components/product_card.html"

type Numbers = Mapping[int, int] | None


def which(goods: ProductQuerySet, shown: str) -> QuerySet:
    """What `some` has to know of goods: which they are, of which kind, and what is told of them in a currency."""
    return goods.annotate(told=told.in_statement(shown)).values_list("pk", "kind", "told")


def some(request: HttpRequest, found: Iterable[tuple]) -> tuple[list[str], Numbers]:
    """The cards of goods that the rows of a statement of `which` name, in their order, and what they tell of how many
    are left. One query for those of which no card is kept; none when all are."""
    numbers = {pk: None if kind == Kind.BUNDLE else dict(map(json.loads, pairs)) for pk, kind, pairs in found}
    names = {pk: _name(request, pk, each) for pk, each in numbers.items()}
    by_name = kept.read_many(request, names.values())
    cards = {pk: by_name[name] for pk, name in names.items() if name in by_name}
    missing = [pk for pk in names if pk not in cards]
    if missing:
        cards |= _keep(request, Product.objects.published().filter(pk__in=missing).for_cards(currency.of(request)))
    return [cards[pk] for pk in names if pk in cards], _together(numbers.values())


def all_of(request: HttpRequest, goods: ProductQuerySet) -> tuple[list[str], Numbers]:
    """The same of these goods, all made anew. One query."""
    products = list(goods.for_cards(currency.of(request)))
    return list(_keep(request, products).values()), told.by_products(products)


def _keep(request: HttpRequest, products: Iterable[Product]) -> dict[int, str]:
    """Cards by product, each kept under what it tells itself: a sale may have come since anybody asked."""
    cards = {product.pk: (product, render_to_string(_TEMPLATE, {"product": product})) for product in products}
    kept.keep_many(
        request, {_name(request, pk, told.by_products([product])): card for pk, (product, card) in cards.items()}
    )
    return {pk: card for pk, (_product, card) in cards.items()}


def _name(request: HttpRequest, pk: int, numbers: Numbers) -> str:
    """What a card depends on. That of a bundle depends on whatever is in it."""
    left = kept.marks(request).counts if numbers is None else sorted(numbers.items())
    return f"card:{pk}:{get_language()}:{currency.of(request)}:{left}".replace(" ", "")


def _together(numbers: Iterable[Numbers]) -> Numbers:
    together: dict[int, int] = {}
    for each in numbers:
        if each is None:
            return None
        together |= each
    return together
