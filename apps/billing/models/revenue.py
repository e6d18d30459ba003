"""Deferred revenue: for each line with a service period, how far it has become revenue."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn

from .invoice import Invoice
from .invoice_line import InvoiceLine


class RevenueScheduleQuerySet(models.QuerySet["RevenueSchedule"]):
    def due(self, now: datetime) -> RevenueScheduleQuerySet:
        """Schedules of which a month is over and not yet recognised."""
        return self.filter(next_at__lte=now)

    def of_invoice(self, invoice_id: int) -> RevenueScheduleQuerySet:
        """The schedules of an invoice, in the order of its lines."""
        return self.filter(invoice=invoice_id).order_by("line")

    def left_by_currency(self) -> dict[str, int]:
        """What is still deferred, in minor units by currency."""
        left = Sum(F("deferred_minor") - F("recognised_minor") - F("released_minor"))
        rows = self.order_by().values("invoice__currency").annotate(held=left)
        return {row["invoice__currency"]: row["held"] for row in rows}


class RevenueSchedule(models.Model):
    """One row for each line with a service period: what was deferred at issue, and where it went since.

    `recognised` became revenue month by month; `released` was taken back by a credit note or a write-off. All amounts
    are net, in minor units of the invoice, and have the sign of the line: positive for a charge, negative for a credit.
    `since` is the instant up to which the service is recognised, `until`
    its end, `next_at` the end of the next month to recognise.
    """

    line = models.OneToOneField(
        InvoiceLine, on_delete=models.PROTECT, primary_key=True, related_name="schedule", verbose_name=_("line")
    )
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="schedules", verbose_name=_("invoice"))
    deferred_minor = models.BigIntegerField(_("deferred at issue"))
    recognised_minor = models.BigIntegerField(_("recognised"), default=0)
    released_minor = models.BigIntegerField(_("taken back"), default=0)
    since = models.DateTimeField(_("recognised up to"))
    until = models.DateTimeField(_("end of service"))
    next_at = models.DateTimeField(_("next part due"), null=True, blank=True)

    deferred = MoneyColumn("deferred")
    recognised = MoneyColumn("recognised")
    released = MoneyColumn("released")
    left = MoneyColumn("left")

    objects = RevenueScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("revenue schedule")
        verbose_name_plural = _("revenue schedules")
        ordering = ["-line"]
        constraints = [
            # Whatever is still deferred has a day on which it becomes revenue, so nothing stays deferred for ever.
            models.CheckConstraint(
                condition=Q(next_at=None, deferred_minor=F("recognised_minor") + F("released_minor"))
                | (Q(next_at__isnull=False) & ~Q(deferred_minor=F("recognised_minor") + F("released_minor"))),
                name="billing_revenue_left_has_date",
            ),
        ]
        indexes = [
            # The sweep reads only what is due, in this order, however many lines are done.
            models.Index(fields=["next_at", "line"], name="billing_revenue_due", condition=Q(next_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.left_minor} / {self.deferred_minor}"

    @property
    def left_minor(self) -> int:
        """What is still deferred."""
        return self.deferred_minor - self.recognised_minor - self.released_minor

    @property
    def start(self) -> datetime:
        """The beginning of the service."""
        start = self.line.period_start
        assert start is not None, "only lines with a service period have a schedule"
        return start

    @property
    def currency(self) -> str:
        return self.invoice.currency
