"""What is true of an order."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OrderStatus(models.TextChoices):
    PENDING = "pending", _("waiting for payment")
    PAID = "paid", pgettext_lazy("order", "paid")
    PACKED = "packed", _("packed")
    SHIPPED = "shipped", _("shipped")
    DELIVERED = "delivered", _("delivered")
    COMPLETED = "completed", _("completed")
    RETURNED = "returned", _("returned")
    CANCELLED = "cancelled", _("cancelled")
