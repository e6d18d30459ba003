"""The lines of an order, and what is in those that are bundles."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Variant
from apps.core.models import MoneyColumn
from apps.orders import naming

from .baskets import Goods
from .orders import Order


class OrderLine(models.Model):
    """So many pieces of a variant, as they were named and priced on the day. `unit_minor` is with tax, before the
    discount. `choices` is what was picked for the slots of a bundle, variant by slot; what that came to are its pieces.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField(_("position"))
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+", verbose_name=_("variant"))
    description = models.CharField(_("description"), max_length=210)
    sku = models.CharField(_("article number"), max_length=60)
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    unit_minor = models.BigIntegerField(_("unit price"))
    amount_minor = models.BigIntegerField(_("amount"))
    discount_minor = models.BigIntegerField(_("discount"), default=0)
    is_member_price = models.BooleanField(_("price for members"), default=False)
    is_shipped = models.BooleanField(_("is sent"))
    choices = models.JSONField(_("what was picked"), default=dict, blank=True, db_default={})
    refunded_quantity = models.PositiveSmallIntegerField(_("given money back for"), default=0)
    returned_quantity = models.PositiveSmallIntegerField(_("came back"), default=0)

    unit = MoneyColumn("unit")
    amount = MoneyColumn("amount")
    discount = MoneyColumn("discount")

    class Meta:
        verbose_name = _("line of an order")
        verbose_name_plural = _("lines of orders")
        ordering = ["order", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="orders_line_position_once"),
            models.CheckConstraint(
                condition=Q(
                    quantity__gte=1,
                    unit_minor__gt=0,
                    amount_minor=F("unit_minor") * F("quantity"),
                    discount_minor__range=(0, F("amount_minor")),
                ),
                name="orders_line_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(refunded_quantity__lte=F("quantity"), returned_quantity__lte=F("refunded_quantity")),
                name="orders_line_no_more_back_than_sold",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.description}"

    @property
    def currency(self) -> str:
        return self.order.currency

    @property
    def left(self) -> int:
        """How many were not given back, of bundles those that are whole. Reads the pieces."""
        return self.quantity - self.refunded_quantity - self.opened

    @property
    def kept(self) -> int:
        """How many were not given back, of bundles those too of which a part was. Reads the pieces."""
        emptied = min((piece.refunded_quantity // piece.quantity for piece in self.pieces.all()), default=0)
        return self.quantity - self.refunded_quantity - emptied

    @property
    def opened(self) -> int:
        """Of how many bundles single pieces were given back. Reads the pieces."""
        return max((-(-piece.refunded_quantity // piece.quantity) for piece in self.pieces.all()), default=0)

    @property
    def came_back(self) -> bool:
        """Whether all of it is on the shelf again. Reads the pieces."""
        whole = self.returned_quantity == self.quantity - self.opened
        return whole and all(piece.returned_quantity == piece.quantity * self.opened for piece in self.pieces.all())

    @property
    def goods(self) -> Goods:
        """What one of the line is, as a basket knows it."""
        return Goods(self.variant_id, frozenset(self.choices.items()))

    @property
    def within(self) -> str:
        """What is in it, in words; empty for what is no bundle. Reads the pieces."""
        return naming.within([str(piece) for piece in self.pieces.all()], quantity=self.quantity)

    def taken(self, count: int) -> dict[int, int]:
        """What so many of the line take out of stock: pieces by variant. Reads the pieces."""
        held = {piece.variant_id: piece.quantity * count for piece in self.pieces.all()}
        return held or {self.variant_id: count}

    def still_out(self) -> dict[int, int]:
        """What the line took out of stock and was not given back: pieces by variant. Reads the pieces."""
        return {piece.variant_id: piece.left for piece in self.pieces.all()} or {self.variant_id: self.left}


class OrderPiece(models.Model):
    """What leaves the stock for one of a line that is a bundle: so many of each variant in it. A line without pieces is
    itself what leaves.

    `weight` is how much one piece counts when the price of the bundle is shared out, for money that is given back for
    single pieces: its own price when it was ordered, empty where it had none. So many single pieces were given money
    back for (`refunded_quantity`), of all that are in the bundles of the line, beside those of whole bundles.
    """

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="pieces")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+", verbose_name=_("variant"))
    description = models.CharField(_("description"), max_length=210)
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    weight = models.BigIntegerField(_("weight in the price"), null=True, blank=True)
    refunded_quantity = models.PositiveIntegerField(_("given money back for"), default=0, db_default=0)
    returned_quantity = models.PositiveIntegerField(_("came back"), default=0, db_default=0)

    class Meta:
        verbose_name = _("piece of a bundle")
        verbose_name_plural = _("pieces of bundles")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["line", "variant"], name="orders_piece_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="orders_piece_quantity"),
            models.CheckConstraint(condition=Q(weight=None) | Q(weight__gte=1), name="orders_piece_weighs_something"),
            models.CheckConstraint(
                condition=Q(returned_quantity__lte=F("refunded_quantity")), name="orders_piece_no_more_back_than_paid"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.description}"

    @property
    def left(self) -> int:
        """How many of all bundles of the line were not given back, neither by themselves nor with the whole bundle."""
        return (self.line.quantity - self.line.refunded_quantity) * self.quantity - self.refunded_quantity
