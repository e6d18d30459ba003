"""What the shop shows: categories, products with their prices, and guides for members."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchRank, SearchVector, SearchVectorField, TrigramWordSimilarity
from django.db import models
from django.db.models import F, Prefetch, Q
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn

from . import rules, words

# How much a word counts in no part (D), the description (C), the summary and keywords (B), and the name (A).
WEIGHTS = [0.02, 0.05, 0.4, 1.0]
# Below this share of common trigrams a name is not what somebody mistyped.
SIMILAR_ENOUGH = 0.4


class Kind(models.TextChoices):
    PHYSICAL = "physical", _("goods")
    GUIDE = "guide", _("guide")
    SERVICE = "service", _("service")
    BOX = "box", _("seasonal box")
    ADD_ON = "add_on", _("add-on")
    BUNDLE = "bundle", _("bundle")


class ProductStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("no longer shown")


class Category(models.Model):
    """A room of the shop. Two levels at most are shown."""

    slug = models.SlugField(_("slug"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    summary = models.CharField(_("summary"), max_length=200, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("pk")), name="catalog_category_not_its_own_parent"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("category", args=[self.slug])

    @property
    def picture(self) -> str:
        """Static path of the category's picture."""
        return f"art/categories/{self.slug}.svg"


class ProductQuerySet(models.QuerySet["Product"]):
    def published(self) -> ProductQuerySet:
        return self.filter(status=ProductStatus.PUBLISHED)

    def goods(self) -> ProductQuerySet:
        """Everything with a price of its own: all but guides."""
        return self.exclude(kind=Kind.GUIDE)

    def guides(self) -> ProductQuerySet:
        return self.filter(kind=Kind.GUIDE)

    def within(self, category: Category) -> ProductQuerySet:
        """Products of the category and of those directly under it."""
        return self.filter(Q(category=category) | Q(category__parent=category))

    def for_cards(self, currency: str) -> ProductQuerySet:
        """With category and the price in one currency, without the long text: two queries for any number of rows."""
        prices = ProductPrice.objects.filter(currency=currency)
        return (
            self.select_related("category")
            .defer("description", "search", "facts_text")
            .prefetch_related(Prefetch("prices", prices, to_attr="prices_shown"))
        )

    def search(self, text: str) -> ProductQuerySet:
        """Products in which every word of the text occurs, word beginnings included, the best match first.

        No words find nothing.
        """
        query = words.prefix_query(text)
        if query is None:
            return self.none()
        return (
            self.filter(search=query)
            .annotate(rank=SearchRank(F("search"), query, weights=WEIGHTS))
            .order_by("-rank", "name")
        )

    def sounding_like(self, text: str) -> ProductQuerySet:
        """Products whose name resembles the text, for what was mistyped; the closest first."""
        likeness = TrigramWordSimilarity(text.upper(), Upper("name"))
        return self.annotate(likeness=likeness).filter(likeness__gte=SIMILAR_ENOUGH).order_by("-likeness", "name")


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
        _("picture"), max_length=200, help_text=_("Path of a static file, such as art/products/lemon-tree.svg.")
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
    search = models.GeneratedField(
        expression=SearchVector("name", weight="A", config="english")
        + SearchVector("summary", "keywords", weight="B", config="english")
        + SearchVector("description", weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
        verbose_name=_("search"),
    )

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["position", "name"]
        indexes = [
            GinIndex(fields=["search"], name="catalog_product_search"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="catalog_product_alike"),
            models.Index(fields=["category", "position"], name="catalog_product_shelf"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(member_min_rank=None) | Q(kind=Kind.GUIDE), name="catalog_only_guides_are_gated"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("guide" if self.is_guide else "product", args=[self.slug])

    @property
    def is_guide(self) -> bool:
        return self.kind == Kind.GUIDE

    @property
    def is_open_to_all(self) -> bool:
        return self.member_min_rank is None

    def is_open_to(self, rank: int) -> bool:
        """Whether a visitor whose membership has this rank (0: none) may read it in full."""
        return self.member_min_rank is None or rank >= self.member_min_rank

    # What `for_cards` fetched: at most one.
    prices_shown: list[ProductPrice]

    @property
    def shown_price(self) -> ProductPrice | None:
        """The price that `for_cards` fetched; None when the product has none in that currency."""
        return next(iter(self.prices_shown), None)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The facts as pairs of label and value."""
        return rules.facts(self.facts_text)


class ProductPrice(models.Model):
    """What a product costs in one currency, tax included, for everybody and for members."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="prices", verbose_name=_("product"))
    currency = models.CharField(_("currency"), max_length=3, choices=[("EUR", _("Euro")), ("USD", _("US dollar"))])
    amount_minor = models.BigIntegerField(_("price"), help_text=_("In the currency's smallest unit (cents), with tax."))
    member_amount_minor = models.BigIntegerField(
        _("price for members"), null=True, blank=True, help_text=_("Empty: members pay the same.")
    )

    amount = MoneyColumn("amount")
    member_amount = MoneyColumn("member_amount")

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["currency"]
        constraints = [
            models.UniqueConstraint(fields=["product", "currency"], name="catalog_one_price_per_currency"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="catalog_price_positive"),
            models.CheckConstraint(
                condition=Q(member_amount_minor=None)
                | Q(member_amount_minor__gt=0, member_amount_minor__lt=F("amount_minor")),
                name="catalog_member_price_is_lower",
                violation_error_message=_("The members' price must be lower than the ordinary one."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.amount)

    @property
    def member_saving(self):
        """What a member pays less; None where members pay the same."""
        return None if self.member_amount is None else self.amount - self.member_amount


class Guide(models.Model):
    """The full text of a guide."""

    product = models.OneToOneField(
        Product,
        on_delete=models.CASCADE,
        related_name="guide",
        limit_choices_to={"kind": Kind.GUIDE},
        verbose_name=_("product"),
    )
    body = models.TextField(_("text"), help_text=_("Markdown."))

    class Meta:
        verbose_name = _("guide text")
        verbose_name_plural = _("guide texts")

    def __str__(self) -> str:
        return self.product.name

    @property
    def minutes(self) -> int:
        """Reading time in minutes, at least one."""
        return rules.reading_minutes(self.body)


class GuideView(models.Model):
    """A signed-in visitor opened a guide; `locked` when they saw the preview only."""

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="guide_views")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="views")
    locked = models.BooleanField(_("preview only"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("guide view")
        verbose_name_plural = _("guide views")
        ordering = ["-at"]
        indexes = [models.Index(fields=["customer", "-at"], name="catalog_views_of_customer")]

    def __str__(self) -> str:
        return f"{self.customer}: {self.product}"
