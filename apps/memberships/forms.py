"""Forms of the back office."""

from __future__ import annotations

import re
from decimal import Decimal

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from apps.core.money import exponent

from .models import Price

# As much as a BIGINT of the smallest units holds with room to spare.
LARGEST = Decimal(10) ** 12
WRITTEN = re.compile(r"[0-9]{1,30}([.,][0-9]{1,10})?")


class AmountField(forms.Field):
    """An amount in whole units of a currency, as people of either habit write it: 12.50 or 12,50.

    Separators of thousands are refused, because 1.234 is one amount in Rome and another in London.
    """

    default_error_messages = {
        "invalid": gettext_lazy("Write an amount like 12.50 or 12,50, without separators of thousands."),
        "too_large": gettext_lazy("This amount is too large."),
    }

    def __init__(self, **kwargs) -> None:
        super().__init__(widget=UnfoldAdminTextInputWidget({"inputmode": "decimal", "maxlength": 20}), **kwargs)

    def to_python(self, value: object) -> Decimal | None:
        text = str(value or "").strip()
        if not text:
            return None
        if not WRITTEN.fullmatch(text):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        amount = Decimal(text.replace(",", "."))
        if amount >= LARGEST:
            raise forms.ValidationError(self.error_messages["too_large"], code="too_large")
        return amount


def minor_units(amount: Decimal, currency: str) -> int:
    """The amount in the currency's smallest unit. Raises ValidationError when it has none so small."""
    minor = amount.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise forms.ValidationError(_("%(currency)s has no such small unit.") % {"currency": currency})
    return int(minor)


class NewVersionForm(forms.Form):
    """The amount and the trial of a price's next version."""

    amount = AmountField(label=gettext_lazy("New amount, tax included"))
    trial_days = forms.IntegerField(
        label=gettext_lazy("Free trial, days"),
        required=False,
        min_value=0,
        max_value=730,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=gettext_lazy(
            "For new members. Nothing is charged before it is over; 0 is without a trial, empty as before."
        ),
    )

    def __init__(self, *args, price: Price, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["trial_days"].initial = price.trial_days
        self.currency = price.currency
        self.fields["amount"].help_text = price.currency

    def clean_amount(self) -> int:
        """The amount in minor units."""
        return minor_units(self.cleaned_data["amount"], self.currency)


class NewPriceForm(forms.ModelForm):
    """A price for a currency, interval and term that a plan does not have yet."""

    amount = AmountField(
        label=gettext_lazy("Amount, tax included"), help_text=gettext_lazy("In whole units of the currency: 12.50")
    )

    class Meta:
        model = Price
        fields = ["plan", "currency", "interval_unit", "interval_count", "term_periods", "trial_days"]

    def clean_currency(self) -> str:
        return self.cleaned_data["currency"].upper()

    def clean(self) -> dict:
        facts = super().clean() or self.cleaned_data
        if facts.get("amount") is not None and facts.get("currency"):
            try:
                facts["amount_minor"] = minor_units(facts["amount"], facts["currency"])
            except forms.ValidationError as problem:
                self.add_error("amount", problem)
        if facts.get("amount_minor") == 0 and (facts.get("trial_days") or facts.get("term_periods")):
            self.add_error("amount", _("A free plan has no trial and no term."))
        family = {name: facts.get(name) for name in ("plan", "currency", "interval_unit", "interval_count")}
        same = Price.objects.filter(closed_at=None, term_periods=facts.get("term_periods"), **family)
        if all(family.values()) and same.exists():
            raise forms.ValidationError(
                _("There is a price for this currency and interval already: give it a new version.")
            )
        return facts
