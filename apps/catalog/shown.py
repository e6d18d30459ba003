"""What a page shows of a product or a room beside its own columns: annotations that fetch it in the same statement."""

from __future__ import annotations

from functools import cache

from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q
from django.db.models.expressions import BaseExpression, RawSQL

from apps.core.nested import Fetched, Rows, compiled

from .models import BundleSlot, Product, ProductPicture, ProductPrice, ProductQuerySet, Review
from .models.bundles import lacks_pieces

# Of the published reviews of a product, so many are on its page, and on each that follows.
REVIEWS = 10
RELATED = 4
GUIDES = 3
_OWN = {"product": OuterRef("pk")}


@cache
def on_a_card(currency: str) -> dict[str, RawSQL]:
    """The prices of the variants for sale in a currency, the lowest first, with what is left of each, and whether a
    bundle lacks pieces."""
    return {name: compiled(Product, made) for name, made in _card(currency).items()}


def product(slug: str, *, currency: str) -> Product | None:
    """The published product with this address and all that its page shows, None where there is none: what is on a card,
    the text, the guide that goes with it, pictures, what is in a bundle, the newest reviews, and the cards of other
    goods of its room. One query."""
    return next(iter(_pages(currency).all(slug=slug)), None)


@cache
def _pages(currency: str) -> Fetched:
    def make(slug: str) -> ProductQuerySet:
        return Product.objects.published().filter(slug=slug).annotate(**_card(currency), **_page(currency))

    return Fetched(make, "category", "cover", "companion", slug=str)


def _page(currency: str) -> dict[str, Rows]:
    """All its pictures, what is in a bundle, the newest reviews with the names of those who wrote them, and other goods
    of its room."""
    pictures = ProductPicture.objects.filter(**_OWN).order_by("position", "pk")
    reviews = Review.objects.published().filter(**_OWN).newest_first()[:REVIEWS]
    slots = BundleSlot.objects.filter(**_OWN).with_choices().order_by("position", "pk")
    others = Product.objects.published().goods().filter(category=OuterRef("category")).exclude(pk=OuterRef("pk"))
    cards = others.annotate(**_card(currency)).order_by("position", "name", "pk")[:RELATED]
    cards = cards.defer("description", "facts_text")
    return {
        "pictures_shown": Rows(pictures, "variant"),
        "reviews_shown": Rows(reviews, "customer__name", "answer"),
        "slots_shown": Rows(slots),
        "related_shown": Rows(cards, "cover"),
    }


def guides_of_a_room() -> Rows:
    """The first guides of a category and of those directly under it, with what says when they open."""
    here = Q(category=OuterRef("pk")) | Q(category__parent=OuterRef("pk"))
    guides = Product.objects.published().readable().filter(here).order_by("position", "name", "pk")[:GUIDES]
    return Rows(guides, "guide__available_after_days", "cover")


def _card(currency: str) -> dict[str, BaseExpression]:
    prices = ProductPrice.objects.filter(currency=currency, variant__is_active=True, **_OWN)
    return {
        "prices_shown": Rows(prices.order_by("amount_minor", "pk"), "variant", "variant__stock"),
        "lacks_pieces": ExpressionWrapper(lacks_pieces(), output_field=BooleanField()),
    }
