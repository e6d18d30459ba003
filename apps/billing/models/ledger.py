"""The ledger: double entry, append-only. A trigger refuses a posting that does not sum to zero per currency."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Count, F, Func, Q, Sum, Value
from django.db.models.functions import Coalesce
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
    GIFTS = "gifts", _("gifts not redeemed")
    POINTS_LIABILITY = "points_liability", _("points liability")
    POINTS_EXPENSE = "points_expense", _("points expense")
    BAD_DEBT = "bad_debt", _("bad debt")
    DISPUTES = "disputes", _("held by banks in disputes")
    GATEWAY_FEES = "gateway_fees", _("fees of the gateway")


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    def of_document(self, key: str) -> LedgerEntryQuerySet:
        return self.filter(key=key).order_by("pk")

    def balances(self) -> dict[tuple[str, str], int]:
        """Minor units by (account, currency), debit positive."""
        rows = self.order_by().values("account", "currency").annotate(total=Sum("amount_minor"))
        return {(row["account"], row["currency"]): row["total"] for row in rows}

    def balances_at(self, moment: datetime) -> dict[tuple[str, str], int]:
        """Balances of everything dated before an instant, reckoned from the last closed month on."""
        from .journal import JournalMonth

        closed = JournalMonth.objects.last_before(moment)
        since = self.filter(at__lt=moment, **({"at__gte": closed.as_month.end} if closed else {}))
        found = Counter(since.balances())
        if closed:
            found.update({(row.account, row.currency): row.closing_minor for row in closed.balances.all()})
        return dict(found)

    def movements(self, start: datetime, end: datetime) -> list[tuple[str, str, str, int, int, int]]:
        """What was dated in `[start, end)`: (currency, account, kind of document, documents, debit, credit).

        The kind is the part of the key before the colon. A document has one entry for each account.
        """
        kind = Func(F("key"), Value(":"), Value(1), function="split_part", output_field=models.CharField())
        return list(
            self.filter(at__gte=start, at__lt=end)
            .order_by()
            .annotate(kind=kind)
            .values_list("currency", "account", "kind")
            .annotate(
                documents=Count("pk"),
                debit=Coalesce(Sum("amount_minor", filter=Q(amount_minor__gt=0)), 0),
                credit=Coalesce(-Sum("amount_minor", filter=Q(amount_minor__lt=0)), 0),
            )
        )


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
