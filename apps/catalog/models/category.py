"""The rooms of the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from modeltrans.fields import TranslationField

from apps.catalog import finding
from apps.core.translations import TranslatedQuerySet

if TYPE_CHECKING:
    from .product import Product


class CategoryQuerySet(TranslatedQuerySet["Category"]):
    def sounding_like(self, text: str) -> CategoryQuerySet:
        """Rooms whose name in any language resembles the text, the closest first."""
        found = self.annotate(likeness=finding.likeness(text, finding.names()))
        return found.filter(likeness__gte=finding.SIMILAR_ENOUGH).order_by("-likeness", "name_i18n")

    def with_guides(self) -> CategoryQuerySet:
        """With the first guides of each room, as a card needs them. One query."""
        # Guides are models that stand above this one.
        from apps.catalog import shown

        return self.annotate(guides_shown=shown.guides_of_a_room())


class Category(models.Model):
    """A room of the shop. Two levels at most are shown."""

    slug = models.SlugField(_("slug"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    summary = models.CharField(_("summary"), max_length=200, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    i18n = TranslationField(fields=("name", "summary"))

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("pk")), name="catalog_category_not_its_own_parent"
            )
        ]

    name_i18n: str
    summary_i18n: str
    # What `with_guides` fetched.
    guides_shown: list[Product]

    def __str__(self) -> str:
        return self.name_i18n

    def get_absolute_url(self) -> str:
        return reverse("category", args=[self.slug])

    @property
    def picture(self) -> str:
        """Static path of the category's picture."""
        return f"art/categories/{self.slug}.svg"
