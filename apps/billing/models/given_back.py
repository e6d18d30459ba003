"""What a later invoice gave back of an earlier one: unused time, when a plan is changed before its period is over."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from .invoice_line import InvoiceLine


class GivenBackQuerySet(models.QuerySet["GivenBack"]):
    def of_invoice(self, invoice_id: int) -> GivenBackQuerySet:
        """What was given back of an invoice."""
        return self.filter(of__invoice=invoice_id)

    def total_minor(self) -> int:
        """What these rows come to, with tax."""
        return self.aggregate(total=Sum("amount_minor"))["total"] or 0

    def by_number(self) -> list[tuple[str, int]]:
        """The invoices that give back, each with how much in minor units, where it is not nothing."""
        rows = self.order_by().values_list("by__invoice__number").annotate(total=Sum("amount_minor"))
        return sorted((number, total) for number, total in rows if total)


class GivenBack(models.Model):
    """A part of the line `of` that the line `by` of a later invoice gives back: what was given back once is not
    refunded again. The table only grows; a trigger refuses more than is left of the line.

    Amounts have the sign of `of`, tax included. A credit note over the later invoice takes the giving back in its turn:
    that is a row of the other sign, and then the earlier line can be refunded again.
    """

    by = models.ForeignKey(
        InvoiceLine, on_delete=models.PROTECT, related_name="gives_back", verbose_name=_("given back by")
    )
    of = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="given_back", verbose_name=_("part of"))
    credit_note = models.ForeignKey(
        "billing.CreditNote",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="taken_again",
        verbose_name=_("taken again by"),
    )
    amount_minor = models.BigIntegerField(_("amount"))
    tax_minor = models.BigIntegerField(_("tax"))

    objects = GivenBackQuerySet.as_manager()

    class Meta:
        verbose_name = _("part given back")
        verbose_name_plural = _("parts given back")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["by", "of", "credit_note"], name="billing_given_back_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="billing_given_back_something"),
        ]

    def __str__(self) -> str:
        return f"{self.of_id} - {self.by_id}"
