"""Guides: their full text, and who read them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from modeltrans.fields import TranslationField

from apps.catalog import rules

from .kinds import Kind
from .product import Product


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
    available_after_days = models.PositiveSmallIntegerField(
        _("opens after days"),
        default=0,
        help_text=_("Days of membership after which it opens to members of its tier. 0: at once."),
    )

    i18n = TranslationField(fields=("body",))

    class Meta:
        verbose_name = _("guide text")
        verbose_name_plural = _("guide texts")

    body_i18n: str

    def __str__(self) -> str:
        return str(self.product)

    @property
    def minutes(self) -> int:
        """Reading time in minutes, at least one."""
        return rules.reading_minutes(self.body_i18n)


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
