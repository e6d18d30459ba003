"""Baskets: what somebody means to buy. Prices are not kept here, they are those of the moment."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Variant
from apps.memberships.models import Price
from apps.promotions.models import Promotion

MOST_OF_ONE = 99


class BasketQuerySet(models.QuerySet["Basket"]):
    def untouched_since(self, moment: datetime) -> BasketQuerySet:
        return self.filter(updated_at__lte=moment)


class Basket(models.Model):
    """One for each visitor: found by the token in the session, and by the customer once they are signed in.

    `price` is a membership that is bought in the same checkout.
    """

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="basket"
    )
    price = models.ForeignKey(Price, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    promotion = models.ForeignKey(Promotion, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    updated_at = models.DateTimeField(_("last touched"))

    objects = BasketQuerySet.as_manager()

    class Meta:
        verbose_name = _("basket")
        verbose_name_plural = _("baskets")
        ordering = ["-updated_at"]
        indexes = [models.Index(fields=["updated_at"], name="orders_basket_by_age")]

    def __str__(self) -> str:
        return str(self.token)


class Goods(NamedTuple):
    """A variant, with what was picked for it, variant by slot, where it is a bundle."""

    variant_id: int
    picks: frozenset[tuple[str, int]] = frozenset()

    @property
    def columns(self) -> dict[str, Any]:
        """The columns by which a line with it is found and made."""
        return {"variant_id": self.variant_id, "choices": dict(self.picks)}


class BasketLine(models.Model):
    """So many of one variant. `seen_minor` is the ordinary price when it was put in, to say when it has changed;
    `choices` is what was picked for the slots of a bundle, variant by slot."""

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    currency = models.CharField(_("currency"), max_length=3)
    seen_minor = models.BigIntegerField(_("price when put in"))
    choices = models.JSONField(_("what was picked"), default=dict, blank=True, db_default={})

    class Meta:
        verbose_name = _("line of a basket")
        verbose_name_plural = _("lines of baskets")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["basket", "variant", "choices"], name="orders_basket_variant_once"),
            models.CheckConstraint(condition=Q(quantity__range=(1, MOST_OF_ONE)), name="orders_basket_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant_id}"

    @property
    def picked(self) -> dict[int, int]:
        """What was picked: the variant by slot."""
        return {int(slot): variant for slot, variant in self.choices.items()}

    @property
    def goods(self) -> Goods:
        """What one of the line is: the same bundle with other choices is another thing."""
        return Goods(self.variant_id, frozenset(self.choices.items()))
