"""What is in a bundle: slots, each filled with one of its choices. A slot with one choice is fixed."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from modeltrans.fields import TranslationField

from apps.core.nested import Rows
from apps.core.translations import TranslatedQuerySet

from .kinds import Kind
from .product import Product
from .variants import Variant


class BundleSlotQuerySet(TranslatedQuerySet["BundleSlot"]):
    def lacking(self) -> BundleSlotQuerySet:
        """Slots that cannot be filled: of none of their choices that are for sale there is enough."""
        enough = Q(variant__stock=None) | Q(variant__stock__available__gte=OuterRef("quantity"))
        return self.filter(~Exists(BundleChoice.objects.filter(enough, slot=OuterRef("pk"), variant__is_active=True)))

    def with_choices(self) -> BundleSlotQuerySet:
        """With all that can fill each slot, and what is left of it: one query for any number of slots."""
        choices = BundleChoice.objects.filter(slot=OuterRef("pk")).order_by("position", "pk")
        return self.annotate(choices_fetched=Rows(choices, "variant", "variant__product", "variant__stock"))


class BundleSlot(models.Model):
    """A place in a bundle: "the pot", with one pot in it, or several of which the customer picks one."""

    product = models.ForeignKey(
        Product,
        on_delete=models.CASCADE,
        related_name="slots",
        limit_choices_to={"kind": Kind.BUNDLE},
        verbose_name=gettext_lazy("bundle"),
    )
    name = models.CharField(gettext_lazy("name"), max_length=80, help_text=gettext_lazy("Such as “The pot”."))
    quantity = models.PositiveSmallIntegerField(
        gettext_lazy("pieces"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=gettext_lazy("Of what is chosen."),
    )
    position = models.PositiveSmallIntegerField(gettext_lazy("position"), default=0)
    i18n = TranslationField(fields=("name",))

    objects = BundleSlotQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("bundle slot")
        verbose_name_plural = gettext_lazy("bundle slots")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="catalog_slot_holds_something"),
            models.UniqueConstraint(fields=["product", "name"], name="catalog_slots_differ_by_name"),
        ]

    name_i18n: str

    def __str__(self) -> str:
        return f"{self.product}: {self.name_i18n}"

    # What `with_choices` fetched.
    choices_fetched: list[BundleChoice]

    @cached_property
    def choices_shown(self) -> list[BundleChoice]:
        """What `with_choices` fetched: all that can fill the slot, in order."""
        for choice in self.choices_fetched:
            choice.slot = self
        return self.choices_fetched

    @property
    def is_fixed(self) -> bool:
        """Whether there is nothing to choose."""
        return len(self.choices_shown) == 1

    @property
    def can_be_filled(self) -> bool:
        """Whether any of its choices is for sale at all."""
        return any(choice.variant.is_active for choice in self.choices_shown)


class BundleChoiceQuerySet(models.QuerySet["BundleChoice"]):
    def lacking_together(self) -> models.QuerySet[BundleChoice, dict]:
        """The variants, of these choices, of which there is less than the slots that hold nothing else need."""
        another = BundleChoice.objects.filter(slot=OuterRef("slot")).exclude(pk=OuterRef("pk"))
        counted = self.filter(~Exists(another), variant__stock__isnull=False).order_by().values("variant")
        return counted.annotate(needed=Sum("slot__quantity")).filter(needed__gt=F("variant__stock__available"))


def lacks_pieces() -> Q:
    """Of products: bundles of which none can be packed at the moment, as `bundles.left` reckons it."""
    slots = BundleSlot.objects.filter(product=OuterRef("pk"))
    fixed = BundleChoice.objects.filter(slot__product=OuterRef("pk"))
    return Q(kind=Kind.BUNDLE) & (Q(Exists(slots.lacking())) | Q(Exists(fixed.lacking_together())))


class BundleChoice(models.Model):
    """One variant that can fill a slot."""

    slot = models.ForeignKey(
        BundleSlot, on_delete=models.CASCADE, related_name="choices", verbose_name=gettext_lazy("slot")
    )
    variant = models.ForeignKey(
        Variant, on_delete=models.PROTECT, related_name="in_bundles", verbose_name=gettext_lazy("variant")
    )
    position = models.PositiveSmallIntegerField(gettext_lazy("position"), default=0)

    objects = BundleChoiceQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("choice")
        verbose_name_plural = gettext_lazy("choices")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["slot", "variant"], name="catalog_choice_once_in_a_slot")]

    def __str__(self) -> str:
        return str(self.variant)

    @property
    def is_sold_out(self) -> bool:
        """Whether there is not enough of it to fill the slot once."""
        return self.variant.left is not None and self.variant.left < self.slot.quantity

    def clean(self) -> None:
        # One inside the other could go round in a circle, and nobody could say what is in the parcel.
        if self.variant_id and self.variant.product.kind == Kind.BUNDLE:
            raise ValidationError({"variant": _("A bundle cannot hold another bundle.")})
