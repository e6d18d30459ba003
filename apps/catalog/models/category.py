"""The rooms of the shop."""

from __future__ import annotations

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

# Below this share of common trigrams a room is not what somebody looks for.
SIMILAR_ENOUGH = 0.4


class CategoryQuerySet(models.QuerySet["Category"]):
    def sounding_like(self, text: str) -> CategoryQuerySet:
        """Rooms whose name resembles the text, the closest first."""
        likeness = TrigramWordSimilarity(text.upper(), Upper("name"))
        return self.annotate(likeness=likeness).filter(likeness__gte=SIMILAR_ENOUGH).order_by("-likeness", "name")


class Category(models.Model):
    """A room of the shop. Two levels at most are shown."""

    slug = models.SlugField(_("slug"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    summary = models.CharField(_("summary"), max_length=200, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

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

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("category", args=[self.slug])

    @property
    def picture(self) -> str:
        """Static path of the category's picture."""
        return f"art/categories/{self.slug}.svg"
