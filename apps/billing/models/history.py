"""One row for each change of a status; append-only."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Change(models.Model):
    """`old` to `new`, at an instant, for a reason; `actor` is empty for the workers."""

    old = models.CharField(_("from"), max_length=20)
    new = models.CharField(_("to"), max_length=20)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    actor = models.CharField(_("actor"), max_length=254, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        abstract = True
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"


class InvoiceChange(Change):
    invoice = models.ForeignKey(
        "billing.Invoice", on_delete=models.PROTECT, related_name="changes", verbose_name=_("invoice")
    )

    class Meta(Change.Meta):
        verbose_name = _("invoice change")
        verbose_name_plural = _("invoice changes")


class PaymentChange(Change):
    payment = models.ForeignKey(
        "billing.Payment", on_delete=models.PROTECT, related_name="changes", verbose_name=_("payment")
    )

    class Meta(Change.Meta):
        verbose_name = _("payment change")
        verbose_name_plural = _("payment changes")


class RefundChange(Change):
    refund = models.ForeignKey(
        "billing.Refund", on_delete=models.PROTECT, related_name="changes", verbose_name=_("refund")
    )

    class Meta(Change.Meta):
        verbose_name = _("refund change")
        verbose_name_plural = _("refund changes")


class RecoveryChange(Change):
    recovery = models.ForeignKey(
        "billing.Recovery", on_delete=models.PROTECT, related_name="changes", verbose_name=_("recovery")
    )

    class Meta(Change.Meta):
        verbose_name = _("recovery change")
        verbose_name_plural = _("recovery changes")


class DisputeChange(Change):
    dispute = models.ForeignKey(
        "billing.Dispute", on_delete=models.PROTECT, related_name="changes", verbose_name=_("dispute")
    )

    class Meta(Change.Meta):
        verbose_name = _("dispute change")
        verbose_name_plural = _("dispute changes")


class BreakChange(Change):
    found = models.ForeignKey(
        "billing.Break", on_delete=models.PROTECT, related_name="changes", verbose_name=_("break")
    )

    class Meta(Change.Meta):
        verbose_name = _("break change")
        verbose_name_plural = _("break changes")
