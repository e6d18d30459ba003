"""The ledger: double entry, append-only. A trigger refuses a posting that does not sum to zero per currency."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn


class Account(models.TextChoices):
    """The accounts of the books. Debits are positive: an asset grows by +, a liability or a revenue by -."""

    RECEIVABLE = "receivable", _("receivable")
    CASH = "cash", _("cash")
    REVENUE_DEFERRED = "revenue_deferred", _("deferred revenue")
    REVENUE = "revenue", _("revenue")
    TAX_PAYABLE = "tax_payable", _("tax payable")
    REFUNDS_CLEARING = "refunds_clearing", _("refunds clearing")
    CUSTOMER_CREDIT = "customer_credit", _("customer credit")
    POINTS_LIABILITY = "points_liability", _("points liability")
    POINTS_EXPENSE = "points_expense", _("points expense")
    BAD_DEBT = "bad_debt", _("bad debt")


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    def of_document(self, key: str) -> LedgerEntryQuerySet:
        return self.filter(key=key).order_by("pk")

    def balances(self) -> dict[tuple[str, str], int]:
        """Minor units by (account, currency), debit positive."""
        rows = self.order_by().values("account", "currency").annotate(total=Sum("amount_minor"))
        return {(row["account"], row["currency"]): row["total"] for row in rows}


class LedgerEntry(models.Model):
    """One side of a posting; `key` names the document, and a document posts once."""

    key = models.CharField(_("document"), max_length=200)
    account = models.CharField(_("account"), max_length=30, choices=Account)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount"), help_text=_("Minor units; debit is positive."))
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("customer"),
    )
    at = models.DateTimeField(_("at"))

    amount = MoneyColumn("amount")

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["key", "account", "currency"], name="billing_ledger_document_posts_once"),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="billing_ledger_no_empty_entry"),
        ]
        indexes = [
            models.Index(fields=["account", "currency", "at"], name="billing_ledger_by_account"),
            # Entries come in the order of time, nearly: a few pages of index find a month among millions of rows.
            BrinIndex(fields=["at"], name="billing_ledger_by_time", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.account}"
