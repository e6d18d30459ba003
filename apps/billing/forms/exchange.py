"""Exchange rates by hand, and the file of the European Central Bank."""

from __future__ import annotations

import io

from babel.numbers import list_currencies
from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminFileFieldWidget

from apps.billing.models import ExchangeRate
from apps.billing.models.exchange import EURO

LARGEST = 20 * 1024 * 1024


class ExchangeRateForm(forms.ModelForm):
    """The rate of one day."""

    class Meta:
        model = ExchangeRate
        fields = ["currency", "day", "per_euro"]

    def clean_currency(self) -> str:
        currency = self.cleaned_data["currency"].upper()
        if currency not in list_currencies() or currency == EURO:
            raise forms.ValidationError(_("Give a currency other than the euro, such as USD."))
        return currency


class RatesFileForm(forms.Form):
    """A file of rates, and from which day on they are wanted."""

    file = forms.FileField(
        label=_("File"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("eurofxref-hist.csv of the European Central Bank, unpacked."),
    )
    since = forms.DateField(label=_("From this day on"), widget=UnfoldAdminDateWidget)

    def clean_file(self) -> list[str]:
        """The lines of the file."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("This file is too large to be one of rates."))
        try:
            return io.StringIO(file.read().decode("utf-8-sig"), newline="").readlines()
        except UnicodeDecodeError:
            raise forms.ValidationError(_("This is not a text file: unpack it first.")) from None
