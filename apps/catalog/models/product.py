"""Products: what is shown, found and described."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchRank, SearchVectorField
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Prefetch, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from modeltrans.fields import TranslationField

from apps.catalog import finding, rules, words
from apps.core.translations import TranslatedQuerySet

from .category import Category
from .offered import Offered
from .prices import ProductPrice

# What is shown of a product without any picture.
NO_PICTURE = "art/scenes/empty.svg"


class Kind(models.TextChoices):
    PHYSICAL = "physical", _("goods")
    GUIDE = "guide", _("guide")
    SERVICE = "service", _("service")
    BOX = "box", _("seasonal box")
    ADD_ON = "add_on", _("add-on")
    BUNDLE = "bundle", _("bundle")


_SHIPPED = {Kind.PHYSICAL, Kind.BOX, Kind.BUNDLE}


class ProductStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("no longer shown")


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

    def within(self, category: Category) -> ProductQuerySet:
        """Products of the category and of those directly under it."""
        return self.filter(Q(category=category) | Q(category__parent=category))

    def for_cards(self, currency: str) -> ProductQuerySet:
        """With category, the prices in one currency, what is left of their variants and whether a bundle lacks pieces,
        without the long text: two queries for any number of rows."""
        # What a bundle is made of is a model that stands above this one.
        from .bundles import lacks_pieces

        prices = ProductPrice.objects.filter(currency=currency, variant__is_active=True).order_by("amount_minor", "pk")
        prices = prices.select_related("variant__stock")
        lacking = {"lacks_pieces": ExpressionWrapper(lacks_pieces(), output_field=models.BooleanField())}
        return (
            self.select_related("category", "cover")
            .defer("description", "search", "names", "facts_text")
            .prefetch_related(Prefetch("prices", prices, to_attr="prices_shown"))
            .annotate(**lacking)
        )

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
        available = Product.objects.filter(left, pk=OuterRef("pk"), variants__is_active=True)
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
