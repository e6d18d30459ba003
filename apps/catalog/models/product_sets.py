"""Products in sets: what is shown of them, and how they are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.search import SearchRank
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery

from apps.catalog import finding, words
from apps.core.translations import TranslatedQuerySet

from .category import Category
from .kinds import Kind, ProductStatus
from .prices import ProductPrice

if TYPE_CHECKING:
    from .product import Product


class ProductQuerySet(TranslatedQuerySet["Product"]):
    def published(self) -> ProductQuerySet:
        return self.filter(status=ProductStatus.PUBLISHED)

    def goods(self) -> ProductQuerySet:
        """Everything with a price of its own: all but guides."""
        return self.exclude(kind=Kind.GUIDE)

    def guides(self) -> ProductQuerySet:
        return self.filter(kind=Kind.GUIDE)

    def readable(self) -> ProductQuerySet:
        """Guides that have a text, as a card needs them, with what says when it opens, without the text itself."""
        found = self.guides().filter(guide__isnull=False).select_related("guide", "cover")
        return found.defer("guide__body", "guide__i18n", "description", "search", "names", "facts_text")

    def within(self, category: Category | int) -> ProductQuerySet:
        """Products of the category, or of that with this number, and of those directly under it."""
        return self.filter(Q(category=category) | Q(category__parent=category))

    def for_cards(self, currency: str) -> ProductQuerySet:
        """With category, the prices in one currency, what is left of their variants and whether a bundle lacks pieces,
        without the long text: one query for any number of rows."""
        # What is shown with a product are models that stand above this one.
        from apps.catalog import shown

        found = self.select_related("category", "cover").defer("description", "search", "names", "facts_text")
        return found.annotate(**shown.on_a_card(currency))

    def priced(self, currency: str, *, low: int | None = None, high: int | None = None) -> ProductQuerySet:
        """With a variant for sale that costs at least `low` and at most `high`, in the currency's smallest unit."""
        prices = _prices_of_a_product(currency)
        if low is not None:
            prices = prices.filter(amount_minor__gte=low)
        if high is not None:
            prices = prices.filter(amount_minor__lte=high)
        return self.filter(Exists(prices))

    def with_member_price(self, currency: str) -> ProductQuerySet:
        """With a variant for sale that members pay less for."""
        return self.filter(Exists(_prices_of_a_product(currency).exclude(member_amount_minor=None)))

    def in_stock(self) -> ProductQuerySet:
        """With a variant for sale of which any is left, or which is not counted."""
        left = Q(variants__stock=None) | Q(variants__stock__available__gt=0)
        available = self.model.objects.filter(left, pk=OuterRef("pk"), variants__is_active=True)
        return self.filter(Exists(available))

    def by_price(self, currency: str) -> ProductQuerySet:
        """The lowest price first; those without a price in the currency last, or first when reversed."""
        lowest = _prices_of_a_product(currency).order_by("amount_minor").values("amount_minor")[:1]
        return self.annotate(lowest=Subquery(lowest)).order_by("lowest", "pk")

    def search(self, text: str) -> ProductQuerySet:
        """Products in which every word of the text occurs, word beginnings included, the best match first.

        No words find nothing.
        """
        query = words.prefix_query(text)
        if query is None:
            return self.none()
        return (
            self.filter(search=query)
            .annotate(rank=SearchRank(F("search"), query, weights=finding.WEIGHTS))
            .order_by("-rank", "name_i18n")
        )

    def sounding_like(self, text: str) -> ProductQuerySet:
        """Products whose name in any language resembles the text, for what was mistyped; the closest first."""
        found = self.filter(names__trigram_word_similar=finding.typed(text))
        return found.annotate(likeness=finding.likeness(text)).order_by("-likeness", "name_i18n")

    def named_like(self, text: str) -> ProductQuerySet:
        """A few names to suggest while somebody types: those in which the words occur, then those that resemble them.
        One query; only what a link needs is fetched."""
        query = words.prefix_query(text)
        if query is None:
            return self.none()
        rank = SearchRank(F("search"), query, weights=finding.WEIGHTS)
        found = self.annotate(rank=rank, likeness=finding.likeness(text))
        found = found.filter(Q(search=query) | Q(names__trigram_word_similar=finding.typed(text)))
        return found.order_by("-rank", "-likeness", "name_i18n").only("slug", "name", "i18n", "kind", "picture")


def _prices_of_a_product(currency: str) -> models.QuerySet[ProductPrice]:
    """The prices in a currency of the variants for sale of the product that the query is about."""
    return ProductPrice.objects.filter(product=OuterRef("pk"), currency=currency, variant__is_active=True)
