"""What staff decided about a dispute that was lost."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from .dispute import Dispute


class LossDecisionQuerySet(models.QuerySet["LossDecision"]):
    def credited_minor(self) -> int:
        """What the credit notes of these decisions come to, with tax."""
        return self.aggregate(total=Sum("credit_note__total_minor"))["total"] or 0


class LossDecision(models.Model):
    """How one loss is treated: as bad debt, or as a sale that is taken back. The table only grows.

    A chargeback by itself is no reduction of the price: whether the supply was cancelled (Directive 2006/112/EC, Art.
    90) or the customer still owes it, only people know. `number` counts the losses of the dispute, for a bank may
    change its mind.
    """

    class Choice(models.TextChoices):
        BAD_DEBT = "bad_debt", _("left as bad debt")
        CREDIT_NOTE = "credit_note", _("taken back by a credit note")

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("dispute"))
    number = models.PositiveSmallIntegerField(_("loss"))
    choice = models.CharField(_("decision"), max_length=20, choices=Choice)
    credit_note = models.OneToOneField(
        "billing.CreditNote",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="loss",
        verbose_name=_("credit note"),
    )
    reason = models.CharField(_("reason"), max_length=300)
    actor = models.CharField(_("by"), max_length=254)
    at = models.DateTimeField(_("at"))

    objects = LossDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision about a loss")
        verbose_name_plural = _("decisions about losses")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["dispute", "number"], name="billing_loss_decided_once"),
            models.UniqueConstraint(
                fields=["dispute"], condition=Q(choice="credit_note"), name="billing_loss_credited_once"
            ),
            models.CheckConstraint(
                condition=Q(choice="credit_note", credit_note__isnull=False) | Q(choice="bad_debt", credit_note=None),
                name="billing_loss_note_where_chosen",
            ),
        ]

    def __str__(self) -> str:
        return self.get_choice_display()
