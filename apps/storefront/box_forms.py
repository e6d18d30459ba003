"""What is asked about a box: how often and how many, where to, and on which day instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.formats import date_format
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.memberships.models import Price

from .address_form import AddressForm


class BoxForm(AddressForm):
    """How often a box comes, how many of it, and where it goes; what is in it is asked beside, slot by slot."""

    def __init__(
        self, data: Any, *, prices: Sequence[Price], country: str, countries: Iterable[str], initial: dict[str, Any]
    ) -> None:
        self.plan = prices[0].plan
        super().__init__(data, country=country, countries=countries, initial=initial)
        self.fields["rhythm"] = forms.ChoiceField(
            label=_("How often?"),
            choices=[(price.rhythm.code, _named(price)) for price in prices],
            widget=forms.RadioSelect,
            initial=prices[0].rhythm.code,
        )
        if self.plan.max_quantity > 1:
            self.fields["quantity"] = forms.IntegerField(
                label=_("How many boxes each time"),
                initial=1,
                validators=[MinValueValidator(1), MaxValueValidator(self.plan.max_quantity)],
                widget=forms.NumberInput({"min": 1, "max": self.plan.max_quantity, "inputmode": "numeric"}),
            )

    @property
    def how(self) -> list[forms.BoundField]:
        """The fields about how often, and how many."""
        return [self[name] for name in ("rhythm", "quantity") if name in self.fields]


class MoveForm(forms.Form):
    """On which day the next box is to come, from the first to the last that is possible."""

    day = forms.DateField(label=_("On which day?"))

    def __init__(self, data: Any, *, earliest: date, latest: date) -> None:
        super().__init__(data)
        self.earliest, self.latest = earliest, latest
        field = self.fields["day"]
        field.widget = forms.DateInput({"type": "date", "min": earliest.isoformat(), "max": latest.isoformat()})
        field.help_text = _text("From %(first)s to %(last)s.") % {
            "first": date_format(earliest, "DATE_FORMAT"),
            "last": date_format(latest, "DATE_FORMAT"),
        }

    def clean_day(self) -> date:
        day = self.cleaned_data["day"]
        if not self.earliest <= day <= self.latest:
            raise forms.ValidationError(_("Please choose one of these days."))
        return day


def _named(price: Price) -> str:
    """A rhythm as a choice: how often, and for how much."""
    text = f"{price.often}: {price.amount} {price.per}"
    if price.term_periods is None:
        return text
    return _text("%(price)s, ends by itself after %(term)s") % {"price": text, "term": price.term_label}
