"""Where parcels go: the fields of an address, which depend on its country."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.accounts import addresses
from apps.accounts.models import Address, User
from apps.billing.models import TaxRate
from apps.orders.models import ShippingRate

_LENGTHS = {"name": 150, "company": 200, "line1": 120, "line2": 120, "postal_code": 20, "city": 100, "region": 100}
_LABELS = {
    "name": _("Name"),
    "company": _("Company"),
    "line1": _("Street and number"),
    "line2": _("Building, floor"),
    "postal_code": _("Postcode"),
    "city": _("City"),
    "region": _("Province or state"),
}
_AUTOCOMPLETE = {
    "name": "name",
    "company": "organization",
    "line1": "address-line1",
    "line2": "address-line2",
    "postal_code": "postal-code",
    "city": "address-level2",
    "region": "address-level1",
}
_OPTIONAL = {"company", "line2"}
_WRONG = {
    "required": _("Please fill this in."),
    "invalid": _("This is none of the country you chose. Please check it."),
}


def known_of(customer: User) -> dict[str, str]:
    """The saved address that the customer uses first, or their name alone. One query."""
    first = Address.objects.of(customer).first()
    return first.as_json() if first is not None else {"name": customer.name}


def sending(request: HttpRequest, known: Mapping[str, str], *, currency: str, now: datetime) -> dict[str, Any]:
    """What an AddressForm is made of on a page of a customer: what they typed, or what is `known`, for the country they
    chose; only countries that are sold and sent to. With the button `update` they ask for the fields of a country, and
    nothing is checked yet. Two queries."""
    typed = request.POST if request.method == "POST" else None
    is_sent = typed is not None and "update" not in typed
    sendable = ShippingRate.objects.countries(currency)
    countries = [country for country in TaxRate.objects.all().countries(now.date()) if country in sendable]
    own = request.user.country if isinstance(request.user, User) else ""
    wanted = [typed.get("country", "") if typed else "", known.get("country", ""), own]
    return {
        "data": typed if is_sent else None,
        "country": next((code for code in wanted if code in countries), next(iter(countries), own)),
        "countries": countries,
        "initial": {**known, **(typed.dict() if typed is not None else {})},
    }


class AddressFields(forms.Form):
    """What a form that asks for an address is made of."""

    def ask_country(self, countries: Iterable[str]) -> None:
        """`countries` are those to choose from (ISO 3166 alpha-2)."""
        named = sorted((addresses.country_name(code), code) for code in countries)
        self.fields["country"] = forms.ChoiceField(
            label=_("Country"),
            choices=[(code, name) for name, code in named],
            widget=forms.Select({"autocomplete": "country"}),
        )

    def ask_where(self, country: str) -> None:
        """The fields that an address of this country has."""
        layout = addresses.layout(country)
        for name in [field for field in _LABELS if field == "line2" or field in layout.used]:
            required = name == "name" or name in layout.required
            attrs = {"autocomplete": f"shipping {_AUTOCOMPLETE[name]}"}
            if name == "region" and layout.regions:
                choices = [("", _text("Please choose")), *layout.regions]
                field: forms.Field = forms.ChoiceField(choices=choices, widget=forms.Select(attrs))
            else:
                field = forms.CharField(max_length=_LENGTHS[name], widget=forms.TextInput(attrs))
            field.label = _LABELS[name]
            field.required = required and name not in _OPTIONAL
            self.fields[name] = field
        self.fields["phone"] = forms.CharField(
            label=_("Phone"),
            max_length=40,
            required=False,
            widget=forms.TextInput({"autocomplete": "tel", "type": "tel"}),
            help_text=_("Only for the carrier."),
        )

    def clean_address(self, facts: dict[str, Any]) -> None:
        """Put the address as it is kept, with the phone, into `facts`, or say beside each field what is wrong."""
        asked = {name: facts.get(name) or "" for name in addresses.FIELDS}
        try:
            facts["address"] = addresses.normalise(asked) | {"phone": facts.get("phone") or ""}
        except addresses.BadAddress as problem:
            for name, why in problem.wrong.items():
                known = name if name in self.fields else "line1"
                if known not in self.errors:
                    self.add_error(known, _WRONG.get(why, _WRONG["invalid"]))

    def named(self, names: Iterable[str]) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    @property
    def where(self) -> list[forms.BoundField]:
        """The fields of the address below the country; none where it was not asked for."""
        return self.named([*_LABELS, "phone"]) if "phone" in self.fields else []


class AddressForm(AddressFields):
    """An address by itself. `country` decides its fields; where another one is posted, the form is made for that."""

    def __init__(
        self, data: QueryDict | None, *, country: str, countries: Iterable[str], initial: Mapping[str, Any]
    ) -> None:
        super().__init__(data, initial={**initial, "country": country})
        self.ask_country(countries)
        self.ask_where(country)

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or self.cleaned_data
        if "country" in facts:
            self.clean_address(facts)
        return facts
