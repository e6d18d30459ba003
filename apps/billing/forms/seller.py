"""Who sells."""

from __future__ import annotations

import re

from babel.numbers import list_currencies
from django import forms
from django.utils.translation import gettext_lazy as _

from apps.billing.models import Seller


class SellerForm(forms.ModelForm):
    """Who sells, as the next invoices will say it."""

    class Meta:
        model = Seller
        fields = [
            "legal_name",
            "address",
            "country",
            "tax_number",
            "registration",
            "email",
            "tax_rounding",
            "tax_currency",
        ]

    def clean_country(self) -> str:
        country = self.cleaned_data["country"].upper()
        if not re.fullmatch("[A-Z]{2}", country):
            raise forms.ValidationError(_("A country has two letters, such as IT."))
        return country

    def clean_tax_currency(self) -> str:
        currency = self.cleaned_data["tax_currency"].upper()
        if currency not in list_currencies():
            raise forms.ValidationError(_("There is no such currency."))
        return currency

    def clean_tax_number(self) -> str:
        """Two letters of the country and up to 12 more signs (Directive 2006/112/EC, Art. 215)."""
        number = re.sub(r"[\s.\-]", "", self.cleaned_data["tax_number"]).upper()
        if number and not re.fullmatch("[A-Z]{2}[0-9A-Z+*]{2,12}", number):
            raise forms.ValidationError(_("Give the number with its country, such as IT00743110157."))
        return number
