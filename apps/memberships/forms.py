"""Forms of the back office."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldBooleanWidget

from apps.core.money import exponent

from .models import Price


class NewVersionForm(forms.Form):
    """The amount of a price's next version, in whole units of its currency, as staff write it: 12.50."""

    amount = forms.DecimalField(
        label=gettext_lazy("New amount"),
        min_value=Decimal(0),
        max_digits=12,
        widget=UnfoldAdminDecimalFieldWidget,
    )

    tax_included = forms.BooleanField(
        label=gettext_lazy("Tax included"),
        required=False,
        help_text=gettext_lazy("Prices for consumers include tax. Otherwise it is added to the amount."),
        widget=UnfoldBooleanWidget,
    )

    def __init__(self, *args, price: Price, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.currency = price.currency
        self.fields["tax_included"].initial = price.tax_included
        self.fields["amount"].help_text = price.currency

    def clean_amount(self) -> int:
        """The amount in minor units."""
        minor = self.cleaned_data["amount"].scaleb(exponent(self.currency))
        if minor != minor.to_integral_value():
            raise forms.ValidationError(_("%(currency)s has no such small unit.") % {"currency": self.currency})
        return int(minor)


class NewPriceForm(forms.ModelForm):
    """A price for a currency and interval that a plan does not have yet."""

    class Meta:
        model = Price
        fields = ["plan", "currency", "amount_minor", "tax_included", "interval_unit", "interval_count"]

    def clean(self) -> dict:
        facts = super().clean() or self.cleaned_data
        family = {name: facts.get(name) for name in ("plan", "currency", "interval_unit", "interval_count")}
        if all(family.values()) and Price.objects.filter(closed_at=None, **family).exists():
            raise forms.ValidationError(
                _("There is a price for this currency and interval already: give it a new version.")
            )
        return facts
