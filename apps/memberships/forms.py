"""Forms of the back office."""

from __future__ import annotations

import re
from decimal import Decimal

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from apps.core import clock
from apps.core.money import exponent

from .errors import Refused
from .models import COMPLIMENTARY, Plan, Price, PriceChange
from .services import PauseChoice, promises

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
    """The amount, the tax and the trial of a price's next version."""

    amount = AmountField(label=gettext_lazy("New amount"))
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
    tax_included = forms.BooleanField(
        label=gettext_lazy("Tax included"),
        required=False,
        help_text=gettext_lazy("Prices for consumers include tax. Otherwise it is added to the amount."),
        widget=UnfoldBooleanWidget,
    )

    def __init__(self, *args, price: Price, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.currency = price.currency
        self.fields["trial_days"].initial = price.trial_days
        self.fields["tax_included"].initial = price.tax_included
        self.fields["amount"].help_text = price.currency

    def clean_amount(self) -> int:
        """The amount in minor units."""
        return minor_units(self.cleaned_data["amount"], self.currency)


class NewPriceForm(forms.ModelForm):
    """A price for a currency, interval and term that a plan does not have yet."""

    amount = AmountField(label=gettext_lazy("Amount"), help_text=gettext_lazy("In whole units of the currency: 12.50"))

    class Meta:
        model = Price
        fields = ["plan", "currency", "tax_included", "interval_unit", "interval_count", "term_periods", "trial_days"]

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


class PauseLengthForm(forms.Form):
    """How long staff pause a membership: months, or 0 for its next period."""

    def __init__(self, *args, choice: PauseChoice, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        skip = [(0, _("The next period"))] if choice.skip else []
        months = [
            (span.months, ngettext("%(n)d month", "%(n)d months", span.months) % {"n": span.months})
            for span in choice.pauses
        ]
        self.fields["months"] = forms.TypedChoiceField(
            label=_("How long"), choices=[*skip, *months], coerce=int, widget=UnfoldAdminSelectWidget
        )


class ComplimentaryForm(forms.Form):
    """A plan that staff give to a customer for free."""

    email = forms.EmailField(label=gettext_lazy("Customer's e-mail address"), widget=UnfoldAdminEmailInputWidget)
    plan = forms.ModelChoiceField(
        Plan.objects.filter(sends_goods=False).exclude(
            pk__in=Price.objects.filter(amount_minor=0, version__gt=COMPLIMENTARY).values("plan")
        ),
        label=gettext_lazy("Plan"),
        widget=UnfoldAdminSelectWidget,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason, for the staff"), max_length=300, widget=UnfoldAdminTextInputWidget
    )
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        help_text=gettext_lazy("Empty: until staff or the customer end it, or the customer buys a plan."),
        widget=UnfoldAdminSingleDateWidget,
    )


class PriceChangeForm(forms.ModelForm):
    """The terms of a price change, while it is a draft."""

    notice_days = SimpleArrayField(
        forms.IntegerField(),
        label=gettext_lazy("Notices, days before the renewal"),
        help_text=gettext_lazy("Falling whole days, such as 35, 10."),
        initial=[35, 10],
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = PriceChange
        fields = [
            "old_price",
            "new_price",
            "effective_at",
            "notice_days",
            "explanation",
            "without_consent",
            "protected_months",
            "protected_until",
        ]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        versions = Price.objects.select_related("plan")
        for name, choices in {"old_price": versions.exclude(closed_at=None), "new_price": versions}.items():
            if name in self.fields:
                field = self.fields[name]
                assert isinstance(field, forms.ModelChoiceField)
                field.queryset = choices

    def clean(self) -> dict:
        facts = super().clean() or self.cleaned_data
        if {"old_price", "new_price", "effective_at", "notice_days"} <= facts.keys():
            terms = PriceChange(**{name: facts[name] for name in ("old_price", "new_price", "effective_at")})
            terms.notice_days = facts["notice_days"]
            try:
                promises.check(terms, now=clock.now())
            except Refused as refusal:
                raise forms.ValidationError(str(refusal)) from refusal
        return facts


class WithdrawForm(BaseDialogForm):
    """Why a price change is withdrawn."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)
