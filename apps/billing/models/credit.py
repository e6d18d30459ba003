"""Customer credit: what the shop owes a customer, used before any card is charged."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn


class CreditEntry(models.Model):
    """One movement of a customer's credit: + granted, - used. Append-only; a trigger carries it to the account."""

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="credit_entries", verbose_name=_("customer")
    )
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount"))
    key = models.CharField(_("key"), max_length=200, unique=True)
    reason = models.CharField(_("reason"), max_length=300)
    at = models.DateTimeField(_("at"))

    amount = MoneyColumn("amount")

    class Meta:
        verbose_name = _("credit entry")
        verbose_name_plural = _("credit entries")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="billing_credit_no_empty_entry"),
        ]
        indexes = [models.Index(fields=["customer", "currency", "-id"], name="billing_credit_by_customer")]

    def __str__(self) -> str:
        return self.key


class CreditAccount(models.Model):
    """The sum of a customer's credit entries in a currency, kept by trigger. It is what concurrent spenders lock, and
    its check is what refuses to spend more than there is."""

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="credit_accounts", verbose_name=_("customer")
    )
    currency = models.CharField(_("currency"), max_length=3)
    balance_minor = models.BigIntegerField(_("balance"))

    balance = MoneyColumn("balance")

    class Meta:
        verbose_name = _("customer credit")
        verbose_name_plural = _("customer credit")
        constraints = [
            models.UniqueConstraint(fields=["customer", "currency"], name="billing_credit_one_account"),
            models.CheckConstraint(condition=Q(balance_minor__gte=0), name="billing_credit_not_overspent"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.balance}"
