"""What is put into a basket, and how many there are."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from modeltrans.fields import TranslationField

from apps.catalog import rules
from apps.core.translations import TranslatedQuerySet

from .kinds import ProductStatus
from .product import Product


class VariantQuerySet(TranslatedQuerySet["Variant"]):
    def for_sale(self) -> VariantQuerySet:
        """What a visitor may put into a basket, whether any is left or not."""
        return self.filter(is_active=True, product__status=ProductStatus.PUBLISHED)

    def running_low(self) -> VariantQuerySet:
        """What is counted and of which few or none are left."""
        return self.filter(stock__available__lte=rules.FEW)

    def sold_out(self) -> VariantQuerySet:
        return self.filter(stock__available=0)

    def uncounted(self) -> VariantQuerySet:
        return self.filter(stock=None)


class Variant(models.Model):
    """One thing as it is ordered: a size, a colour. A product without a choice has one, without a name."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants", verbose_name=_("product"))
    sku = models.CharField(_("article number"), max_length=60, unique=True)
    name = models.CharField(
        _("name"), max_length=80, blank=True, help_text=_("What tells it from the others, such as 30 cm.")
    )
    weight_grams = models.PositiveIntegerField(
        _("weight in grams"), default=0, help_text=_("With its packing, for the parcel.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("for sale"), default=True)
    i18n = TranslationField(fields=("name",))

    objects = VariantQuerySet.as_manager()

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["product", "name"], name="catalog_variants_differ_by_name"),
        ]

    name_i18n: str

    def __str__(self) -> str:
        return f"{self.product}, {self.name_i18n}" if self.name else str(self.product)

    @property
    def left(self) -> int | None:
        """How many can still be sold; None where they are not counted. One query unless `stock` was fetched."""
        return self.stock.available if hasattr(self, "stock") else None


class StockQuerySet(models.QuerySet["Stock"]):
    def available(self, variant_ids: Collection[int]) -> dict[int, int]:
        """How many are left of each of the variants that are counted; what is missing is never short."""
        rows = self.filter(variant__any=list(variant_ids)).values_list("variant_id", "available")
        return dict(rows)


class Stock(models.Model):
    """How many of a variant can still be sold: the sum of its moves, kept in the same transaction.

    A variant without a row is not counted: a service, something made when it is ordered.
    """

    variant = models.OneToOneField(
        Variant, on_delete=models.CASCADE, primary_key=True, related_name="stock", verbose_name=_("variant")
    )
    available = models.BigIntegerField(_("available"), default=0)

    objects = StockQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stock")
        constraints = [models.CheckConstraint(condition=Q(available__gte=0), name="catalog_stock_not_oversold")]

    def __str__(self) -> str:
        return f"{self.variant}: {self.available}"


class StockMove(models.Model):
    """One change of a stock. Append-only by trigger."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("received")
        SOLD = "sold", _("sold")
        RETURNED = "returned", _("came back")
        CORRECTED = "corrected", _("counted anew")

    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="moves", verbose_name=_("variant"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    quantity = models.BigIntegerField(_("quantity"), help_text=_("Positive: more can be sold. Negative: fewer."))
    key = models.CharField(_("key"), max_length=120)
    actor = models.CharField(_("by"), max_length=254, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("stock move")
        verbose_name_plural = _("stock moves")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["variant", "-at"], name="catalog_moves_of_variant")]
        constraints = [
            models.UniqueConstraint(fields=["key", "kind"], name="catalog_one_move_for_each_occasion"),
            models.CheckConstraint(
                condition=Q(kind="sold", quantity__lt=0)
                | Q(kind__in=["received", "returned"], quantity__gt=0)
                | (Q(kind="corrected") & ~Q(quantity=0)),
                name="catalog_sign_of_move",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+d} {self.variant}"
