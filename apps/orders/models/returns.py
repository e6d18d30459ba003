"""Money that was given back for parts of an order."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn

from .lines import OrderLine, OrderPiece
from .orders import Order


class OrderRefund(models.Model):
    """One decision to give money back: the credit notes of billing, found by its key, carry it out."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    key = models.CharField(_("key"), max_length=60, unique=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount"))
    shipping_minor = models.BigIntegerField(_("of it for shipping"), default=0)
    restocked = models.BooleanField(_("back on the shelf"), default=False)
    reason = models.CharField(_("reason"), max_length=300)
    actor = models.CharField(_("by"), max_length=254, blank=True)
    at = models.DateTimeField(_("at"))

    amount = MoneyColumn("amount")
    shipping = MoneyColumn("shipping")

    class Meta:
        verbose_name = _("refund of an order")
        verbose_name_plural = _("refunds of orders")
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, shipping_minor__gte=0), name="orders_refund_of_something"
            )
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.amount}"


class OrderRefundLine(models.Model):
    """So many pieces of a line for which money was given back."""

    refund = models.ForeignKey(OrderRefund, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="refunds")
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    amount_minor = models.BigIntegerField(_("amount"))

    amount = MoneyColumn("amount")

    class Meta:
        verbose_name = _("line of a refund")
        verbose_name_plural = _("lines of refunds")
        constraints = [
            models.UniqueConstraint(fields=["refund", "line"], name="orders_refund_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="orders_refund_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"

    @property
    def currency(self) -> str:
        return self.refund.currency


class OrderRefundPiece(models.Model):
    """So many single pieces out of bundles for which money was given back."""

    refund = models.ForeignKey(OrderRefund, on_delete=models.PROTECT, related_name="pieces")
    piece = models.ForeignKey(OrderPiece, on_delete=models.PROTECT, related_name="refunds")
    quantity = models.PositiveIntegerField(_("quantity"))
    amount_minor = models.BigIntegerField(_("amount"))

    amount = MoneyColumn("amount")

    class Meta:
        verbose_name = _("piece of a refund")
        verbose_name_plural = _("pieces of refunds")
        constraints = [
            models.UniqueConstraint(fields=["refund", "piece"], name="orders_refund_piece_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="orders_refund_piece_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.piece_id}"

    @property
    def currency(self) -> str:
        return self.refund.currency
