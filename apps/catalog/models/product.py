"""Products: what is shown, found and described."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from modeltrans.fields import TranslationField

from apps.catalog import finding, rules

from .category import Category
from .kinds import Kind, ProductStatus
from .offered import Offered
from .prices import ProductPrice
from .product_sets import ProductQuerySet

if TYPE_CHECKING:
    from .bundles import BundleSlot
    from .pictures import ProductPicture
    from .reviews import Review

# What is shown of a product without any picture.
NO_PICTURE = "art/scenes/empty.svg"


_SHIPPED = {Kind.PHYSICAL, Kind.BOX, Kind.BUNDLE}


class Product(models.Model):
    """Anything the shop shows: goods, a service, a guide. A guide's full text is kept apart, in `Guide`."""

    slug = models.SlugField(_("slug"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.PHYSICAL)
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="products", verbose_name=_("category")
    )
    summary = models.CharField(_("summary"), max_length=200)
    description = models.TextField(
        _("description"), blank=True, help_text=_("Markdown. Of a guide: the preview for all.")
    )
    facts_text = models.TextField(
        _("facts"), blank=True, help_text=_("One on each line: what it is, a colon, its value. Height: 60 cm")
    )
    keywords = models.CharField(
        _("keywords"), max_length=200, blank=True, help_text=_("Other words by which it should be found.")
    )
    picture = models.CharField(
        _("drawing"),
        max_length=200,
        blank=True,
        help_text=_("Path of a static file, such as art/products/lemon-tree.svg, shown where there is no picture."),
    )
    # The first of its pictures, kept by `pictures.settle`, so that a shelf finds it in one statement.
    cover = models.ForeignKey(
        "catalog.ProductPicture",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("cover"),
    )
    status = models.CharField(_("status"), max_length=10, choices=ProductStatus.choices, default=ProductStatus.DRAFT)
    member_min_rank = models.PositiveSmallIntegerField(
        _("open from tier"),
        null=True,
        blank=True,
        help_text=_("Rank of the lowest plan that may read this guide. Empty: everybody."),
    )
    companion = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="companion_of",
        limit_choices_to={"kind": Kind.GUIDE},
        verbose_name=_("guide that goes with it"),
    )
    partner_name = models.CharField(_("partner"), max_length=120, blank=True)
    is_featured = models.BooleanField(_("on the home page"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    # Of its published reviews: how many, and their stars together. Kept by `lifecycle` with each of them.
    review_count = models.PositiveIntegerField(_("reviews"), default=0, editable=False)
    star_count = models.PositiveIntegerField(_("stars"), default=0, editable=False)
    i18n = TranslationField(fields=("name", "summary", "description", "facts_text", "keywords"))
    # Words and names of all languages: whoever reads Italian may well type the English name.
    search = models.GeneratedField(
        expression=finding.vector(),
        output_field=SearchVectorField(),
        db_persist=True,
        verbose_name=_("search"),
    )
    names = models.GeneratedField(
        expression=finding.names(),
        output_field=models.TextField(),
        db_persist=True,
        verbose_name=_("names"),
    )

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["position", "name"]
        indexes = [
            GinIndex(fields=["search"], name="catalog_product_search"),
            GinIndex(OpClass("names", name="gin_trgm_ops"), name="catalog_product_alike"),
            models.Index(fields=["category", "position"], name="catalog_product_shelf"),
            # A page far back in the shelf is found in the index alone.
            models.Index(fields=["position", "name", "id"], include=["status", "kind"], name="catalog_product_order"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(member_min_rank=None) | Q(kind=Kind.GUIDE), name="catalog_only_guides_are_gated"
            )
        ]

    name_i18n: str
    summary_i18n: str
    description_i18n: str
    facts_text_i18n: str

    def __str__(self) -> str:
        return self.name_i18n

    def get_absolute_url(self) -> str:
        return reverse("guide" if self.is_guide else "product", args=[self.slug])

    @property
    def rating(self) -> Decimal | None:
        """The average of its stars, to a tenth, rounded half up; None without a review."""
        return rules.average(self.star_count, self.review_count) if self.review_count else None

    @property
    def drawing(self) -> str:
        """Static path of what is shown where no picture was uploaded."""
        return self.picture or NO_PICTURE

    @property
    def is_guide(self) -> bool:
        return self.kind == Kind.GUIDE

    @property
    def is_shipped(self) -> bool:
        """Whether it comes in a parcel."""
        return self.kind in _SHIPPED

    @property
    def is_sold_alone(self) -> bool:
        """Whether it can be put into a basket: guides come with a tier, add-ons with a membership."""
        return self.kind not in {Kind.GUIDE, Kind.ADD_ON}

    @property
    def is_bundle(self) -> bool:
        return self.kind == Kind.BUNDLE

    @property
    def is_open_to_all(self) -> bool:
        return self.member_min_rank is None

    def is_open_to(self, rank: int) -> bool:
        """Whether a visitor whose membership has this rank (0: none) may read it in full."""
        return self.member_min_rank is None or rank >= self.member_min_rank

    # What `for_cards` fetched: one for each variant, the lowest first; and whether a bundle cannot be packed.
    prices_shown: list[ProductPrice]
    lacks_pieces: bool
    # What `shown.product` fetched beside it.
    pictures_shown: list[ProductPicture]
    reviews_shown: list[Review]
    slots_shown: list[BundleSlot]
    related_shown: list[Product]

    @property
    def shown_price(self) -> ProductPrice | None:
        """The lowest price that `for_cards` fetched; None when the product has none in that currency."""
        return next(iter(self.prices_shown), None)

    @property
    def offered(self) -> list[Offered]:
        """The variants that `for_cards` fetched, in their order."""
        shown = sorted(self.prices_shown, key=lambda price: (price.variant.position, price.variant_id))
        return [Offered(price) for price in shown]

    @property
    def is_sold_out(self) -> bool:
        """Whether none is left of any variant that has a price in the currency, or of what a bundle is made of."""
        none_left = self.lacks_pieces or all(offered.is_sold_out for offered in self.offered)
        return bool(self.prices_shown) and none_left

    @property
    def prices_differ(self) -> bool:
        """Whether `shown_price` is only where its prices begin."""
        return len({price.amount_minor for price in self.prices_shown}) > 1

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The facts as pairs of label and value."""
        return rules.facts(self.facts_text_i18n)
