"""Disputes (chargebacks): a customer asked their bank for the money of a payment, and the bank decides."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn

if TYPE_CHECKING:
    from .invoice import Invoice


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def to_ask(self, now: datetime) -> DisputeQuerySet:
        """Disputes whose present state the gateway is to be asked for."""
        return self.filter(check_at__lte=now).order_by("check_at", "pk")

    def to_answer(self) -> DisputeQuerySet:
        """Disputes that wait for staff, the nearest deadline first."""
        return self.filter(status=Dispute.Status.NEEDS_RESPONSE).order_by("respond_by", "pk")

    def holding(self) -> DisputeQuerySet:
        """Disputes whose money the bank has, or keeps: it cannot be refunded as well. An inquiry takes none."""
        return self.filter(is_inquiry=False).exclude(status=Dispute.Status.WON)

    def held_of(self, invoice: Invoice) -> int:
        """Minor units that banks have, or keep, of what was paid for an invoice."""
        return self.holding().filter(payment__invoice=invoice, payment__surplus=False).total_minor()

    def total_minor(self) -> int:
        return self.aggregate(total=Sum("amount_minor"))["total"] or 0


class Dispute(models.Model):
    """One dispute as the gateway told when it was last asked. The row is made by a hint, so all but its id may be
    empty until then."""

    class Status(models.TextChoices):
        NEEDS_RESPONSE = "needs_response", _("needs response")
        UNDER_REVIEW = "under_review", _("under review")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    gateway_id = models.CharField(_("gateway dispute"), max_length=255, unique=True)
    intent_id = models.CharField(_("gateway intent"), max_length=255, blank=True)
    payment = models.ForeignKey(
        "billing.Payment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="disputes",
        verbose_name=_("payment"),
        help_text=_("Empty when the charge is not this shop's, or not yet known to it."),
    )
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.NEEDS_RESPONSE)
    is_inquiry = models.BooleanField(
        _("inquiry"), default=False, help_text=_("The bank only asks so far: no money was taken.")
    )
    reason = models.CharField(_("reason"), max_length=100, blank=True)
    amount_minor = models.BigIntegerField(_("amount"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    respond_by = models.DateTimeField(_("answer by"), null=True, blank=True)
    check_at = models.DateTimeField(_("ask the gateway at"), null=True, blank=True)
    message = models.TextField(_("message"), blank=True)
    created_at = models.DateTimeField(_("heard of"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    amount = MoneyColumn("amount")

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["needs_response", "under_review", "won", "lost"]),
                name="billing_dispute_status",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["won", "lost"], closed_at__isnull=False)
                | (~Q(status__in=["won", "lost"]) & Q(closed_at=None)),
                name="billing_dispute_closed_has_date",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor=None) | Q(amount_minor__gt=0) & ~Q(currency=""),
                name="billing_dispute_amount_positive",
            ),
        ]
        indexes = [
            models.Index(fields=["check_at"], name="billing_dispute_to_ask", condition=Q(check_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.gateway_id

    @property
    def is_closed(self) -> bool:
        """Whether the bank has decided."""
        return self.status in {self.Status.WON, self.Status.LOST}

    @property
    def what_to_do(self) -> str:
        """The next step for staff, in the active language."""
        match self.status:
            case self.Status.NEEDS_RESPONSE if self.amount_minor is None:
                return _text("Wait a moment: the gateway is being asked what this is about.")
            case self.Status.NEEDS_RESPONSE if self.is_inquiry:
                return _text(
                    "The bank asks so far. Answer it, or refund the payment: that avoids the dispute and its fee."
                )
            case self.Status.NEEDS_RESPONSE:
                return _text("Answer with what proves the purchase, before the deadline; or accept it.")
            case self.Status.UNDER_REVIEW:
                return _text("Nothing: the bank reads our answer. It may take months.")
            case self.Status.WON:
                return _text("Nothing: the money is ours.")
            case _:
                return _text("Decide whether the membership goes on, and talk to the customer before another charge.")


class DisputeMovement(models.Model):
    """Money that a dispute moved at the gateway, as the shop's balance felt it: - taken, + given back.

    Append-only; each posts once, under `dispute-movement:<pk>`. The fee is in the currency of the shop's account there.
    """

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="movements", verbose_name=_("dispute"))
    gateway_id = models.CharField(_("gateway balance transaction"), max_length=255, unique=True)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    fee_minor = models.BigIntegerField(_("fee"), default=0)
    fee_currency = models.CharField(_("currency of the fee"), max_length=3)
    at = models.DateTimeField(_("at"))

    amount = MoneyColumn("amount")

    class Meta:
        verbose_name = _("dispute movement")
        verbose_name_plural = _("dispute movements")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.gateway_id
