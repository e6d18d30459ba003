"""Dated tax rates."""

from __future__ import annotations

from datetime import date

from babel.core import get_global
from django import forms
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.billing import rules
from apps.billing.models import TaxRate
from apps.billing.models.tax import STANDARD

# CLDR's code for "unknown region".
NO_COUNTRY = "ZZ"


class TaxRateForm(forms.ModelForm):
    """A dated rate. One that begins after `today` takes the place of the open one before it; what has applied already
    cannot be written over, because it is on invoices."""

    today: date

    class Meta:
        model = TaxRate
        fields = ["country", "category", "basis_points", "valid_from", "valid_to"]

    def clean_country(self) -> str:
        country = self.cleaned_data["country"].upper()
        if country not in get_global("territory_languages") or country == NO_COUNTRY:
            raise forms.ValidationError(_("Give the two letters of a country, such as IT."))
        return country

    def clean_basis_points(self) -> int:
        points = self.cleaned_data["basis_points"]
        if points > rules.WHOLE:
            raise forms.ValidationError(_("This is more than 100 %. Give basis points: 2200 is 22 %."))
        if 0 < points < rules.WHOLE // 100 and self.data.get("category") == STANDARD:
            raise forms.ValidationError(_("This is less than 1 %. Give basis points: 2200 is 22 %."))
        return points

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        # What a rate that has begun keeps is shown, and not sent.
        kept = {name: getattr(self.instance, name) for name in self.Meta.fields}
        facts = {name: cleaned.get(name) if name in self.fields else kept[name] for name in kept}
        start, end = facts["valid_from"], facts["valid_to"]
        if not (facts["country"] and facts["category"] and start):
            return cleaned
        if end and end <= start:
            self.add_error("valid_to", _("A rate ends after it begins."))
            return cleaned
        others = TaxRate.objects.filter(country=facts["country"], category=facts["category"])
        clash = others.exclude(pk=self.instance.pk).overlapping(start, end).order_by("valid_from").first()
        if clash and not self._takes_over(clash, start, end):
            message = _text("%(rate)s applies from %(from)s on already. End it first, or begin later.")
            field = "valid_from" if "valid_from" in self.fields else "valid_to"
            self.add_error(field, message % {"rate": clash, "from": clash.valid_from.isoformat()})
        return cleaned

    def validate_constraints(self) -> None:
        """Said in words above; the database refuses what slips through between two people."""

    def _takes_over(self, before: TaxRate, start: date, end: date | None) -> bool:
        is_new = self.instance.pk is None
        return is_new and end is None and before.valid_to is None and before.valid_from < start and start > self.today
