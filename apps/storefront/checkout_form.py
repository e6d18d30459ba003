"""What the one page of checkout asks: who and where, how it is sent, which card, and the boxes to agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.accounts import addresses
from apps.billing.models import Card
from apps.orders.quotes import Quote

from .forms import ConsentForm

NEW_CARD = "new"
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


class CheckoutForm(ConsentForm):
    """The whole page in one form. It is made for one quote: its country decides the fields of the address.

    `text` are the words beside the first box; `plan_text` those of the membership in the basket, which has a box of its
    own. `guest` asks for an e-mail address. `cards` are those that can be charged.
    """

    once = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None,
        *,
        quote: Quote,
        countries: Iterable[str],
        text: str,
        facts: Iterable[object],
        plan_text: str = "",
        guest: bool,
        cards: Iterable[Card],
        initial: Mapping[str, Any],
    ) -> None:
        starts = {"once": uuid4(), **initial, "country": quote.country}
        super().__init__(data, text=text, facts=[*facts, quote.digest, plan_text], initial=starts)
        self.quote = quote
        self.cards = list(cards)
        if guest:
            self._ask_who(with_name=not quote.contents.is_shipped)
        self._ask_country(countries)
        if quote.contents.is_shipped:
            self._ask_where(quote.country)
            self._ask_way()
        if self.cards:
            self._ask_card()
        if plan_text:
            self.fields["agree_plan"] = forms.BooleanField(
                label=plan_text, error_messages={"required": self.fields["agree"].error_messages["required"]}
            )

    def _ask_who(self, *, with_name: bool) -> None:
        self.fields["email"] = forms.EmailField(
            label=_("E-mail address"),
            max_length=254,
            widget=forms.EmailInput({"autocomplete": "email"}),
            help_text=_("Your confirmation and the news of your order go there."),
        )
        if with_name:
            self.fields["name"] = forms.CharField(
                label=_("Name"), max_length=150, widget=forms.TextInput({"autocomplete": "name"})
            )

    def _ask_country(self, countries: Iterable[str]) -> None:
        named = sorted((addresses.country_name(code), code) for code in countries)
        self.fields["country"] = forms.ChoiceField(
            label=_("Country"),
            choices=[(code, name) for name, code in named],
            widget=forms.Select({"autocomplete": "country"}),
        )

    def _ask_where(self, country: str) -> None:
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

    def _ask_way(self) -> None:
        ways = [(str(way.pk), self._way_label(way)) for way in self.quote.ways]
        field = forms.ChoiceField(label=_("How shall we send it?"), choices=ways, widget=forms.RadioSelect)
        field.initial = str(self.quote.way.pk) if self.quote.way else None
        self.fields["rate"] = field
        self.initial["rate"] = field.initial

    @staticmethod
    def _way_label(way) -> str:
        price = way.amount.format() if way.amount else _text("free")
        return " · ".join(filter(None, [way.name, way.detail, price]))

    def _ask_card(self) -> None:
        known = [(str(card.pk), str(card)) for card in self.cards]
        self.fields["card"] = forms.ChoiceField(
            label=_("Which card?"), choices=[*known, (NEW_CARD, _text("Another card"))], widget=forms.RadioSelect
        )
        self.initial.setdefault("card", known[0][0])

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or self.cleaned_data
        if self.quote.contents.is_shipped and "country" in facts:
            self._clean_address(facts)
        return facts

    def _clean_address(self, facts: dict[str, Any]) -> None:
        asked = {name: facts.get(name) or "" for name in addresses.FIELDS}
        try:
            facts["address"] = addresses.normalise(asked) | {"phone": facts.get("phone") or ""}
        except addresses.BadAddress as problem:
            for name, why in problem.wrong.items():
                known = name if name in self.fields else "line1"
                if known not in self.errors:
                    self.add_error(known, _WRONG.get(why, _WRONG["invalid"]))

    def _named(self, names: Iterable[str]) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    @property
    def who(self) -> list[forms.BoundField]:
        """The fields about the guest."""
        return self._named(["email", "name"] if not self.quote.contents.is_shipped else ["email"])

    @property
    def where(self) -> list[forms.BoundField]:
        """The fields of the address below the country."""
        return self._named([*_LABELS, "phone"]) if self.quote.contents.is_shipped else []
