"""What the one page of checkout asks: who and where, how it is sent, which card, and the boxes to agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.billing.models import Card
from apps.orders.quotes import Quote

from . import address_form
from .forms import ConsentForm

NEW_CARD = "new"


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
        self.fields["country"] = address_form.country_field(countries)

    def _ask_where(self, country: str) -> None:
        self.fields.update(address_form.fields_for(country))

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
            address_form.tidy(self, facts)
        return facts

    def _named(self, names: Iterable[str]) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    @property
    def who(self) -> list[forms.BoundField]:
        """The fields about the guest."""
        return self._named(["email", "name"] if not self.quote.contents.is_shipped else ["email"])

    @property
    def where(self) -> list[forms.BoundField]:
        """The fields of the address below the country."""
        return self._named(address_form.NAMES) if self.quote.contents.is_shipped else []
