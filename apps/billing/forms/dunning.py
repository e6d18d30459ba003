"""Dunning policies."""

from __future__ import annotations

from babel.numbers import list_currencies
from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from apps.billing import rules
from apps.billing.models import DunningPolicy
from apps.core.money import Money, exponent


class DaysField(forms.Field):
    """Days as people write them, "1, 3, 5", for a column that holds a list of them."""

    def prepare_value(self, value: object) -> object:
        return ", ".join(str(day) for day in value) if isinstance(value, list) else value

    def to_python(self, value: object) -> list[int]:
        """The days in the order given. Raises ValidationError for anything that is not a whole number."""
        parts = [part for part in str(value or "").replace(";", ",").split(",") if part.strip()]
        try:
            return [int(part) for part in parts]
        except ValueError:
            raise forms.ValidationError(_("Give whole days with commas between them, such as 1, 3, 5.")) from None


class DunningPolicyForm(forms.ModelForm):
    """A policy; saving makes a new version of it."""

    retry_days = DaysField(
        label=_("Try again on days"),
        help_text=_("After the first failure, with commas between them: 1, 3, 5, 7."),
        widget=UnfoldAdminTextInputWidget,
    )
    mail_days = DaysField(
        label=_("Remind on days"),
        required=False,
        help_text=_("Besides the mails of the tries themselves: 6."),
        widget=UnfoldAdminTextInputWidget,
    )
    minimum = forms.DecimalField(
        label=_("Only from this amount on"),
        required=False,
        min_value=0,
        max_digits=12,
        help_text=_("With tax, in the currency above. Empty: from any amount on."),
        widget=UnfoldAdminDecimalFieldWidget,
    )

    class Meta:
        model = DunningPolicy
        fields = [
            "name",
            "scope",
            "currency",
            "retry_days",
            "mail_days",
            "grace_days",
            "final_action",
            "max_tries",
            "tries_within_days",
            "is_current",
        ]

    MESSAGES = {
        "retry_days": _("Give rising whole days from 1 to 60, such as 1, 3, 5, 7."),
        "mail_days": _("Give rising whole days from 1 to 60, none after the last try, such as 6."),
        "grace_days": _("Give 0 to 60 days."),
        "max_tries": _("Give 2 to 15, and no less than these days need, the first attempt included."),
        "tries_within_days": _("Give 14 to 60 days."),
    }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.minimum:
            self.fields["minimum"].initial = self.instance.minimum.decimal

    def clean_currency(self) -> str:
        """An ISO 4217 code, or nothing."""
        currency = self.cleaned_data["currency"].upper()
        if currency and currency not in list_currencies():
            raise forms.ValidationError(_("There is no such currency."))
        return currency

    def clean_minimum(self) -> Money | None:
        """The amount as money, or None. Its currency has been cleaned before it."""
        amount, currency = self.cleaned_data["minimum"], self.cleaned_data.get("currency")
        if not amount:
            return None
        if not currency:
            raise forms.ValidationError(_("An amount needs a currency."))
        minor = amount.scaleb(exponent(currency))
        if minor != int(minor):
            raise forms.ValidationError(_("This currency does not have that many decimal places."))
        return Money(int(minor), currency)

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        needed = {"retry_days", "mail_days", "grace_days", "max_tries", "tries_within_days"}
        if needed <= cleaned.keys():
            wrong = rules.check_policy(
                cleaned["retry_days"],
                cleaned["mail_days"],
                cleaned["grace_days"],
                max_tries=cleaned["max_tries"],
                within_days=cleaned["tries_within_days"],
            )
            for field in wrong:
                self.add_error(field, self.MESSAGES[field])
        if not self.errors and self._leaves_none(cleaned):
            self.add_error(None, _("One policy without conditions must stay in force, for all other invoices."))
        return cleaned

    def _leaves_none(self, cleaned: dict) -> bool:
        """Whether this takes the policy that fits every invoice out of force."""
        is_general = not (cleaned["scope"] or cleaned["currency"] or cleaned["minimum"])
        name = cleaned.get("name", self.instance.name)
        return DunningPolicy.objects.default().name == name and not (is_general and cleaned["is_current"])
