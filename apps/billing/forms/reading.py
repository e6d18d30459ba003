"""Which part of the books is wanted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextInputWidget


class ExportForm(forms.Form):
    """Which part of a list is exported."""

    since = forms.DateField(label=_("From"), widget=UnfoldAdminDateWidget)
    until = forms.DateField(label=_("To"), widget=UnfoldAdminDateWidget)
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        label=_("Currency"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Such as EUR. Empty for all of them."),
        error_messages={"invalid": _("A currency has three letters, such as EUR.")},
    )

    def clean_currency(self) -> str:
        return self.cleaned_data["currency"].upper()

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if {"since", "until"} <= cleaned.keys() and cleaned["until"] < cleaned["since"]:
            self.add_error("until", _("The last day comes before the first."))
        return cleaned


class CloseMonthForm(forms.Form):
    """Somebody says that they have looked at the month."""

    checked = forms.BooleanField(label=_("I have checked these figures. A closed month cannot be opened again."))


class TrialBalanceForm(forms.Form):
    """The day at whose end the balances are wanted, in UTC as all dates of the books."""

    day = forms.DateField(
        label=_("At the end of"),
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not 1900 <= day.year <= 9000:
            raise forms.ValidationError(_("Give a day of this era."))
        return day

    def end_of_day(self) -> datetime:
        """The first instant after the day, once the form is valid."""
        following = self.cleaned_data["day"] + timedelta(days=1)
        return datetime(following.year, following.month, following.day, tzinfo=UTC)
