"""Refunds: money that goes back the way it came, never more than came."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q, Sum, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn

from .credit import CreditEntry

AGAIN, AS_CREDIT = ":again", "refund-as-credit:"


class RefundQuerySet(models.QuerySet["Refund"]):
    def due(self, now: datetime) -> RefundQuerySet:
        """Refunds to carry out, and those whose time to ask the gateway again has come."""
        return self.filter(next_try_at__lte=now).order_by("next_try_at", "pk")

    def lease_expired(self, now: datetime) -> RefundQuerySet:
        """Refunds whose worker was lost between sending and settling."""
        return self.filter(status=Refund.Status.PROCESSING, lease_until__lte=now)

    def counted(self) -> RefundQuerySet:
        """Refunds that took or may take money back: all but the failed ones."""
        return self.exclude(status=Refund.Status.FAILED)

    def still_owed(self) -> RefundQuerySet:
        """Failed refunds whose money is still with us: neither sent again nor turned into credit."""
        again = Refund.objects.filter(key=Concat(OuterRef("key"), Value(AGAIN)))
        credited = CreditEntry.objects.filter(key=Concat(Value(AS_CREDIT), Cast(OuterRef("pk"), models.CharField())))
        return self.filter(status=Refund.Status.FAILED).exclude(Exists(again)).exclude(Exists(credited))

    def total_minor(self) -> int:
        return self.aggregate(total=Sum("amount_minor"))["total"] or 0


class Refund(models.Model):
    """A refund of a payment, in full or in part. A trigger refuses a sum above the payment."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        PROCESSING = "processing", _("processing")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        UNKNOWN = "unknown", _("unknown")

    payment = models.ForeignKey(
        "billing.Payment", on_delete=models.PROTECT, related_name="refunds", verbose_name=_("payment")
    )
    credit_note = models.ForeignKey(
        "billing.CreditNote",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="refunds",
        verbose_name=_("credit note"),
        help_text=_("Empty for surplus money: nothing was sold for it, so there is nothing to correct."),
    )
    key = models.CharField(_("key"), max_length=200, unique=True)
    amount_minor = models.BigIntegerField(_("amount"))
    tax_minor = models.BigIntegerField(_("tax in it"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=300)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.PENDING)
    gateway_id = models.CharField(_("gateway refund"), max_length=255, blank=True)
    message = models.TextField(_("message"), blank=True)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    sent_at = models.DateTimeField(_("first sent"), null=True, blank=True)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    amount = MoneyColumn("amount")

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "processing", "succeeded", "failed", "unknown"]),
                name="billing_refund_status",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="billing_refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(status="processing", lease_until__isnull=False)
                | (~Q(status="processing") & Q(lease_until=None)),
                name="billing_refund_lease_while_processing",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["pending", "unknown"]) | Q(next_try_at__isnull=False),
                name="billing_refund_open_has_next_try",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["succeeded", "failed"]) | Q(settled_at__isnull=False),
                name="billing_refund_settled_has_date",
            ),
            models.UniqueConstraint(
                fields=["credit_note"], condition=~Q(status="failed"), name="billing_refund_one_for_a_note"
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], name="billing_refund_due", condition=Q(next_try_at__isnull=False)),
            models.Index(fields=["settled_at", "id"], name="billing_refund_succeeded", condition=Q(status="succeeded")),
            models.Index(fields=["gateway_id"], name="billing_refund_by_gateway", condition=~Q(gateway_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.amount} ({self.get_status_display()})"

    @property
    def next_key(self) -> str:
        """The key of the refund that sends the money again when this one failed."""
        return self.key + AGAIN

    @property
    def credit_key(self) -> str:
        """The key of the entry by which the money becomes credit when this one failed."""
        return f"{AS_CREDIT}{self.pk}"
