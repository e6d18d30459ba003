"""What sending a parcel costs, as staff say it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from modeltrans.fields import TranslationField

from apps.core.models import MoneyColumn
from apps.core.money import Money
from apps.core.translations import TranslatedQuerySet

_COUNTRY = RegexValidator(r"^[A-Z]{2}$", _("Give the two capital letters of ISO 3166, such as IT."))


class ShippingRateQuerySet(TranslatedQuerySet["ShippingRate"]):
    def to(self, country: str, *, currency: str, grams: int) -> ShippingRateQuerySet:
        """The ways to send so many grams to a country, the first of staff's list first."""
        heavy_enough = Q(up_to_grams=None) | Q(up_to_grams__gte=grams)
        return self.filter(heavy_enough, is_active=True, currency=currency, countries__contains=[country]).order_by(
            "position", "amount_minor", "pk"
        )

    def countries(self, currency: str) -> set[str]:
        """Where parcels go at all."""
        lists = self.filter(is_active=True, currency=currency).values_list("countries", flat=True)
        return {country for found in lists for country in found}


class ShippingRate(models.Model):
    """One way to send a parcel of up to so many grams to a zone of countries; tax included."""

    name = models.CharField(_("name"), max_length=80, help_text=_("As the customer reads it: Standard, Express."))
    detail = models.CharField(_("detail"), max_length=120, blank=True, help_text=_("Such as: 2 to 4 working days."))
    countries = ArrayField(
        models.CharField(max_length=2, validators=[_COUNTRY]),
        verbose_name=_("countries"),
        help_text=_("Two capital letters each, separated by commas."),
    )
    currency = models.CharField(_("currency"), max_length=3, choices=[("EUR", _("Euro")), ("USD", _("US dollar"))])
    up_to_grams = models.PositiveIntegerField(
        _("up to, in grams"), null=True, blank=True, help_text=_("Empty: however heavy it is.")
    )
    amount_minor = models.BigIntegerField(_("price"), help_text=_("In the currency's smallest unit (cents), with tax."))
    free_from_minor = models.BigIntegerField(
        _("free from"), null=True, blank=True, help_text=_("Goods worth so much, after discounts. Empty: never free.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("switched on"), default=True)
    i18n = TranslationField(fields=("name", "detail"))

    amount = MoneyColumn("amount")
    objects = ShippingRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("shipping rate")
        verbose_name_plural = _("shipping rates")
        ordering = ["position", "currency", "amount_minor"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0) & (Q(free_from_minor=None) | Q(free_from_minor__gt=0)),
                name="orders_shipping_amounts",
            ),
            models.CheckConstraint(condition=Q(countries__len__gt=0), name="orders_shipping_goes_somewhere"),
        ]

    name_i18n: str
    detail_i18n: str

    def __str__(self) -> str:
        return self.name_i18n

    def price_for(self, goods: Money) -> Money:
        """What it costs for goods of this worth, after discounts."""
        is_free = self.free_from_minor is not None and goods.minor >= self.free_from_minor
        return Money(0 if is_free else self.amount_minor, self.currency)
