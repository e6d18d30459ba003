"""Closed months of the books, and the balances with which they were closed. Append-only: a month is never reopened."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.billing.months import Month
from apps.core.models import MoneyColumn

from .ledger import Account


class JournalMonthQuerySet(models.QuerySet["JournalMonth"]):
    def latest_closed(self) -> JournalMonth | None:
        """The latest closed month."""
        return self.order_by("-month").first()

    def last_before(self, moment: datetime) -> JournalMonth | None:
        """The latest month that is closed and over at an instant."""
        return self.filter(month__lt=Month.of(moment).first_day).order_by("-month").first()

    def of(self, month: Month) -> JournalMonth | None:
        """The row of a month, when it is closed."""
        return self.filter(month=month.first_day).first()


class JournalMonth(models.Model):
    """A closed month. A trigger refuses every posting dated in it or before it. `digest` is the SHA-256 of its export
    in all currencies: exported again, it must have the same bytes."""

    month = models.DateField(_("month"), unique=True)
    closed_at = models.DateTimeField(_("closed"))
    closed_by = models.CharField(_("closed by"), max_length=254)
    digest = models.CharField(_("SHA-256 of the journal"), max_length=64)

    objects = JournalMonthQuerySet.as_manager()

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")
        ordering = ["-month"]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="billing_journal_month_is_first_day"),
        ]

    def __str__(self) -> str:
        return str(self.as_month)

    @property
    def as_month(self) -> Month:
        return Month.on(self.month)


class JournalBalance(models.Model):
    """One account in one currency over a closed month; debit is positive. Later balances are reckoned from here."""

    month = models.ForeignKey(JournalMonth, on_delete=models.PROTECT, related_name="balances", verbose_name=_("month"))
    account = models.CharField(_("account"), max_length=30)
    currency = models.CharField(_("currency"), max_length=3)
    documents = models.PositiveBigIntegerField(_("documents"))
    opening_minor = models.BigIntegerField(_("opening balance"))
    debit_minor = models.BigIntegerField(_("debit"))
    credit_minor = models.BigIntegerField(_("credit"))
    closing_minor = models.BigIntegerField(_("closing balance"))

    opening = MoneyColumn("opening")
    debit = MoneyColumn("debit")
    credit = MoneyColumn("credit")
    closing = MoneyColumn("closing")

    class Meta:
        verbose_name = _("balance of a closed month")
        verbose_name_plural = _("balances of closed months")
        ordering = ["month", "currency", "account"]
        constraints = [
            models.UniqueConstraint(fields=["month", "account", "currency"], name="billing_journal_account_once"),
            models.CheckConstraint(
                condition=Q(closing_minor=F("opening_minor") + F("debit_minor") - F("credit_minor")),
                name="billing_journal_balance_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(debit_minor__gte=0, credit_minor__gte=0), name="billing_journal_sides_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{Account(self.account).label} {self.closing}"
