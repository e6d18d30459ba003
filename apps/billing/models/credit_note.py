"""Credit notes: what corrects an invoice. A trigger makes them append-only, and refuses more than was invoiced."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn
from apps.core.money import Money


class CreditNoteQuerySet(models.QuerySet["CreditNote"]):
    def of(self, customer) -> CreditNoteQuerySet:
        """Credit notes of a customer, newest first."""
        return self.filter(customer=customer).order_by("-issued_at", "-pk")

    def with_lines(self) -> CreditNoteQuerySet:
        return self.select_related("invoice", "stated_tax").prefetch_related("lines__line")

    def total_minor(self) -> int:
        """What these notes credit together, tax included."""
        return self.aggregate(total=Sum("total_minor"))["total"] or 0


class CreditNote(models.Model):
    """Takes an invoice back, in full or in part (Directive 2006/112/EC, Art. 219). It never changes.

    Amounts in minor units of `currency`, tax included, positive. The customer's side is that of the invoice; the seller
    is kept as they were on the day of this note.
    """

    class Settlement(models.TextChoices):
        CARD = "card", _("back to the card")
        CREDIT = "credit", _("to the customer's credit")
        OPEN = "open", _("against what was still owed")
        BANK = "bank", _("given back by the customer's bank")

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="credit_notes", verbose_name=_("customer")
    )
    invoice = models.ForeignKey(
        "billing.Invoice", on_delete=models.PROTECT, related_name="credit_notes", verbose_name=_("invoice")
    )
    key = models.CharField(_("key"), max_length=250, unique=True)
    series = models.ForeignKey(
        "billing.InvoiceSeries", on_delete=models.PROTECT, related_name="+", verbose_name=_("series")
    )
    serial = models.PositiveBigIntegerField(_("serial"))
    number = models.CharField(_("number"), max_length=40, unique=True)
    settlement = models.CharField(_("settled"), max_length=20, choices=Settlement)
    reason = models.CharField(_("reason"), max_length=300)
    currency = models.CharField(_("currency"), max_length=3)
    total_minor = models.BigIntegerField(_("total"))
    tax_minor = models.BigIntegerField(_("tax"))
    seller_details = models.JSONField(_("seller, as printed"), default=dict, blank=True)
    issued_at = models.DateTimeField(_("issued"))

    total = MoneyColumn("total")
    tax = MoneyColumn("tax")

    objects = CreditNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["series", "serial"], name="billing_credit_note_serial_once"),
            models.CheckConstraint(
                condition=Q(settlement__in=["card", "credit", "open", "bank"]), name="billing_credit_note_settlement"
            ),
            models.CheckConstraint(condition=Q(total_minor__gt=0), name="billing_credit_note_total_positive"),
        ]
        indexes = [
            models.Index(fields=["customer", "-issued_at"], name="billing_credit_note_of"),
            models.Index(fields=["issued_at"], name="billing_credit_note_by_date"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def net(self) -> Money:
        """The total without tax."""
        return self.total - self.tax


class CreditNoteLine(models.Model):
    """What is taken back of one line of the invoice, with the sign of that line."""

    credit_note = models.ForeignKey(
        CreditNote, on_delete=models.PROTECT, related_name="lines", verbose_name=_("credit note")
    )
    line = models.ForeignKey(
        "billing.InvoiceLine", on_delete=models.PROTECT, related_name="corrections", verbose_name=_("invoice line")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    description = models.CharField(_("description"), max_length=300)
    amount_minor = models.BigIntegerField(_("amount"))
    net_minor = models.BigIntegerField(_("net"))
    tax_minor = models.BigIntegerField(_("tax"))
    tax_basis_points = models.PositiveIntegerField(_("tax rate, basis points"))
    period_start = models.DateTimeField(_("period start"), null=True, blank=True)
    period_end = models.DateTimeField(_("period end"), null=True, blank=True)

    class Meta:
        verbose_name = _("credit note line")
        verbose_name_plural = _("credit note lines")
        ordering = ["credit_note", "position"]
        constraints = [
            models.UniqueConstraint(fields=["credit_note", "position"], name="billing_credit_line_position_once"),
            models.UniqueConstraint(fields=["credit_note", "line"], name="billing_credit_line_once"),
            models.CheckConstraint(
                condition=Q(amount_minor=F("net_minor") + F("tax_minor")), name="billing_credit_line_adds_up"
            ),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def currency(self) -> str:
        return self.credit_note.currency

    amount = MoneyColumn("amount")
    net = MoneyColumn("net")
    tax = MoneyColumn("tax")
