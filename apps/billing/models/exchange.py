"""Exchange rates as dated data, and the tax of a document in the currency in which the seller accounts for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn

EURO = "EUR"


class Rates(NamedTuple):
    """What one euro was on a day: in the currency of a document, and in that of the seller's tax returns."""

    day: date
    of_per_euro: Decimal
    per_euro: Decimal

    @property
    def factor(self) -> Fraction:
        """By which an amount in major units is multiplied. Between two currencies other than the euro, by way of it
        (Directive 2006/112/EC, Art. 91(2))."""
        return Fraction(self.per_euro) / Fraction(self.of_per_euro)


class ExchangeRateQuerySet(models.QuerySet["ExchangeRate"]):
    def on(self, day: date, *, of: Iterable[str], to: str) -> dict[str, Rates]:
        """By currency of `of`, the rates to convert it `to` another on a day: those published last, not longer than
        settings.EXCHANGE_RATE_DAYS before. One statement; a currency without such rates is missing."""
        wanted = {to if currency == EURO else currency: currency for currency in of if currency != to}
        rows = self.filter(
            currency__in=wanted, day__lte=day, day__gte=day - timedelta(days=settings.EXCHANGE_RATE_DAYS)
        )
        # Both rates are of one day.
        same_day = ExchangeRate.objects.filter(currency=to, day=OuterRef("day")).values("per_euro")
        one = Value(Decimal(1), output_field=models.DecimalField())
        known: Any = rows.annotate(own=one if to == EURO else Subquery(same_day)).exclude(own=None)
        found = {}
        for row in known.order_by("currency", "-day").distinct("currency"):
            of_currency = wanted[row.currency]
            found[of_currency] = Rates(row.day, Decimal(1) if of_currency == EURO else row.per_euro, row.own)
        return found

    def newest(self, currency: str) -> date | None:
        """The last day on which a currency has a rate."""
        return self.filter(currency=currency).aggregate(day=models.Max("day"))["day"]


class ExchangeRate(models.Model):
    """What one euro was in a currency on a day, as the European Central Bank publishes it."""

    currency = models.CharField(_("currency"), max_length=3, help_text=_("Such as USD."))
    day = models.DateField(_("day"))
    per_euro = models.DecimalField(_("for one euro"), max_digits=16, decimal_places=6)

    objects = ExchangeRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["-day", "currency"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "day"], name="billing_exchange_one_rate_a_day"),
            models.CheckConstraint(condition=Q(per_euro__gt=0), name="billing_exchange_rate_positive"),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$") & ~Q(currency=EURO), name="billing_exchange_currency"
            ),
        ]

    def __str__(self) -> str:
        return f"1 EUR = {self.per_euro.normalize():f} {self.currency}"


class StatedTaxQuerySet(models.QuerySet["StatedTax"]):
    def reckoned_with(self, currency: str, day: date) -> StatedTaxQuerySet:
        """Statements that were reckoned with the rate of a currency on a day."""
        return self.filter(Q(of_currency=currency) | Q(currency=currency), rate_day=day)


class StatedTax(models.Model):
    """The tax of one document in the seller's currency of account (Directive 2006/112/EC, Art. 230), with the rate it
    was reckoned at. A row beside the document: it can be added later, and then never changes.

    A credit note is reckoned at the rate of its invoice, and all notes of an invoice come to what it states.
    """

    invoice = models.OneToOneField(
        "billing.Invoice",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="stated_tax",
        verbose_name=_("invoice"),
    )
    credit_note = models.OneToOneField(
        "billing.CreditNote",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="stated_tax",
        verbose_name=_("credit note"),
    )
    currency = models.CharField(_("currency"), max_length=3)
    tax_minor = models.BigIntegerField(_("tax"))
    rate_day = models.DateField(_("rate of"))
    of_currency = models.CharField(_("currency of the document"), max_length=3)
    of_per_euro = models.DecimalField(_("of the document's currency for one euro"), max_digits=16, decimal_places=6)
    per_euro = models.DecimalField(_("of this currency for one euro"), max_digits=16, decimal_places=6)
    stated_at = models.DateTimeField(_("stated"))

    tax = MoneyColumn("tax")

    objects = StatedTaxQuerySet.as_manager()

    class Meta:
        verbose_name = _("VAT in the seller's currency")
        verbose_name_plural = _("VAT in the seller's currency")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(invoice=None, credit_note__isnull=False) | Q(invoice__isnull=False, credit_note=None),
                name="billing_stated_tax_of_one_document",
            ),
            models.CheckConstraint(
                condition=Q(of_per_euro__gt=0, per_euro__gt=0) & ~Q(currency=F("of_currency")),
                name="billing_stated_tax_by_a_rate",
            ),
        ]
        indexes = [models.Index(fields=["rate_day"], name="billing_stated_tax_by_day")]

    def __str__(self) -> str:
        return str(self.tax)

    @property
    def rates(self) -> Rates:
        """What it was reckoned at."""
        return Rates(self.rate_day, self.of_per_euro, self.per_euro)

    @property
    def rate_text(self) -> str:
        """The rate as it is printed, by way of the euro where neither currency is the euro."""
        sides = [(self.of_per_euro, self.of_currency), (self.per_euro, self.currency)]
        others = [f"{value.normalize():f} {currency}" for value, currency in sides if currency != EURO]
        return " = ".join(["1 EUR", *others])
