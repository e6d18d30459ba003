"""Who sells: the name, address and tax number that stand on every invoice."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class TaxRounding(models.TextChoices):
    """Where tax is rounded to the minor unit: both are lawful, and a seller keeps to one (Directive 2006/112/EC)."""

    LINE = "line", _("each line")
    DOCUMENT = "document", _("each document, by rate")


class SellerQuerySet(models.QuerySet["Seller"]):
    def current(self) -> Seller:
        """The seller of this shop. Raises Seller.DoesNotExist on a database without its first migrations."""
        return self.get(pk=Seller.SINGLETON)


class Seller(models.Model):
    """The merchant, as invoices name them (Directive 2006/112/EC, Art. 226). There is one row.

    An invoice keeps what stood here when it was issued: `Invoice.seller_details`.
    """

    SINGLETON = 1

    legal_name = models.CharField(_("legal name"), max_length=200)
    address = models.TextField(_("address"), help_text=_("As it is printed: one line each."))
    country = models.CharField(_("country"), max_length=2, help_text=_("ISO 3166 alpha-2."))
    tax_number = models.CharField(
        _("VAT number"), max_length=20, blank=True, help_text=_("With the country's prefix, such as IT00743110157.")
    )
    registration = models.CharField(
        _("registration"), max_length=200, blank=True, help_text=_("Company register and number, where one is due.")
    )
    email = models.EmailField(_("e-mail for questions about invoices"), blank=True)
    tax_rounding = models.CharField(
        _("tax is rounded for"), max_length=10, choices=TaxRounding, default=TaxRounding.LINE
    )

    tax_currency = models.CharField(
        _("currency of tax returns"),
        max_length=3,
        default="EUR",
        db_default="EUR",
        help_text=_("VAT of documents in another currency is stated in this one too."),
    )

    objects = SellerQuerySet.as_manager()

    class Meta:
        verbose_name = _("seller")
        verbose_name_plural = _("seller")
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="billing_one_seller"),
            models.CheckConstraint(
                condition=models.Q(tax_rounding__in=["line", "document"]), name="billing_seller_rounding"
            ),
        ]

    def __str__(self) -> str:
        return self.legal_name

    def as_printed(self) -> dict[str, Any]:
        """What an invoice keeps of the seller."""
        return {
            "legal_name": self.legal_name,
            "address": self.address,
            "country": self.country,
            "tax_number": self.tax_number,
            "registration": self.registration,
            "email": self.email,
        }
