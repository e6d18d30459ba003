"""The lines of invoices, append-only, and what is left of each."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.apps import apps
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn
from apps.core.money import Money

from .invoice import Invoice, Supply


class Left(NamedTuple):
    """What is left of a line: not credited by a note, nor given back by a later invoice. `gross_minor` includes
    `tax_minor`, and `given_back_minor` is what was given back; in minor units, with the sign of the line."""

    line: InvoiceLine
    gross_minor: int
    tax_minor: int
    given_back_minor: int


class InvoiceLineQuerySet(models.QuerySet["InvoiceLine"]):
    def left(self) -> list[Left]:
        """The lines with what is left of each, in the order of invoices and positions. One statement."""
        credited, credited_tax = (_sum_of("billing.CreditNoteLine", "line", name) for name in _AMOUNTS)
        given, given_tax = (_sum_of("billing.GivenBack", "of", name) for name in _AMOUNTS)
        rows: Any = self.annotate(credited=credited, credited_tax=credited_tax, given=given, given_tax=given_tax)
        return [
            Left(
                row,
                row.amount_minor - row.credited - row.given,
                row.tax_minor - row.credited_tax - row.given_tax,
                row.given,
            )
            for row in rows.order_by("invoice", "position")
        ]


_AMOUNTS = ("amount_minor", "tax_minor")


def _sum_of(model: str, reference: str, column: str) -> Coalesce:
    """What the rows of another table that refer to a line come to. Joined, two tables would multiply each other."""
    rows = apps.get_model(model)._default_manager.order_by().filter(**{reference: OuterRef("pk")}).values(reference)
    return Coalesce(
        Subquery(rows.annotate(total=Sum(column)).values("total")), 0, output_field=models.BigIntegerField()
    )


class InvoiceLine(models.Model):
    """One line, with all that is needed to compute it again: see `rules.recompute`."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines", verbose_name=_("invoice"))
    position = models.PositiveSmallIntegerField(_("position"))
    kind = models.CharField(_("kind"), max_length=40)
    supply = models.CharField(
        _("what is supplied"),
        max_length=10,
        choices=Supply,
        default=Supply.SERVICE,
        db_default=Supply.SERVICE.value,
    )
    description = models.CharField(_("description"), max_length=300)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    unit_minor = models.BigIntegerField(_("unit price"))
    amount_minor = models.BigIntegerField(_("amount"))
    net_minor = models.BigIntegerField(_("net"))
    tax_minor = models.BigIntegerField(_("tax"))
    tax_basis_points = models.PositiveIntegerField(_("tax rate, basis points"))
    tax_included = models.BooleanField(
        _("price with tax"), default=True, db_default=True, help_text=_("Whether the unit price contains the tax.")
    )
    period_start = models.DateTimeField(_("period start"), null=True, blank=True)
    period_end = models.DateTimeField(_("period end"), null=True, blank=True)
    inputs = models.JSONField(_("inputs"), default=dict)

    objects = InvoiceLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        ordering = ["invoice", "position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="billing_line_position_once"),
            models.CheckConstraint(
                condition=Q(amount_minor=F("net_minor") + F("tax_minor")), name="billing_line_net_and_tax_add_up"
            ),
            models.CheckConstraint(
                condition=Q(period_start=None, period_end=None) | Q(period_end__gt=F("period_start")),
                name="billing_line_period_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def currency(self) -> str:
        return self.invoice.currency

    @property
    def reckoned(self) -> Money:
        """What `rules.recompute` comes to: the amount as its price is stated, before tax was added or taken out."""
        if not self.tax_included:
            return self.net
        return self.amount + self.relieved

    @property
    def relieved(self) -> Money:
        """The tax that its price contains and that was not charged, because the customer accounts for it."""
        return Money(self.inputs.get("relieved_minor", 0), self.currency)

    unit = MoneyColumn("unit")
    amount = MoneyColumn("amount")
    net = MoneyColumn("net")
    tax = MoneyColumn("tax")
