"""The ledger and customer credit: read only, and the database refuses the rest."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from apps.billing.models import CreditAccount, CreditEntry, LedgerEntry

from .reading import DocumentAdmin


class AmountAdmin(DocumentAdmin):
    list_select_related = ["customer"]

    @display(description=_("amount"), ordering="amount_minor")
    def amount(self, row) -> str:
        return str(row.amount)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(AmountAdmin):
    list_display = ["key", "account", "amount", "customer", "at"]
    list_filter = ["account", "currency", ("at", RangeDateTimeFilter)]
    search_fields = ["=key", "customer__email"]
    fields = ["key", "account", "amount", "customer", "at"]


@admin.register(CreditEntry)
class CreditEntryAdmin(AmountAdmin):
    list_display = ["customer", "amount", "reason", "key", "at"]
    list_filter = ["currency", ("at", RangeDateTimeFilter)]
    search_fields = ["customer__email", "=key"]
    fields = ["customer", "amount", "reason", "key", "at"]


@admin.register(CreditAccount)
class CreditAccountAdmin(DocumentAdmin):
    list_display = ["customer", "balance"]
    list_filter = ["currency"]
    list_select_related = ["customer"]
    search_fields = ["customer__email"]
    fields = ["customer", "balance"]

    @display(description=_("balance"), ordering="balance_minor")
    def balance(self, account: CreditAccount) -> str:
        return str(account.balance)
