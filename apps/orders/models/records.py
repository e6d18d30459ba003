"""What happened to an order, by whom. Append-only by trigger."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .orders import Order
from .statuses import OrderStatus


class OrderHistory(models.Model):
    """One move of an order from a status to another. `actor` is empty for the shop itself."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="history")
    old = models.CharField(_("from"), max_length=10, choices=OrderStatus, blank=True)
    new = models.CharField(_("to"), max_length=10, choices=OrderStatus)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    actor = models.CharField(_("by"), max_length=254, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("move of an order")
        verbose_name_plural = _("moves of orders")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["at"], condition=Q(new="delivered"), name="orders_arrived")]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"
