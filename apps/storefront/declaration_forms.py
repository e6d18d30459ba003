"""What people fill in to cancel or withdraw without a login."""

from datetime import date
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.memberships.declarations.declaring import Declared
from apps.memberships.models import DeclarationKind, Manner


class DeclarationForm(forms.Form):
    """Who declares, and about which contract. `manner`, `cause` and `wanted_on` are for cancelling only."""

    manner = forms.ChoiceField(
        label=_("What do you want to do?"), choices=Manner.choices, initial=Manner.ORDINARY, widget=forms.RadioSelect
    )
    cause = forms.CharField(
        label=_("The good reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Only for a cancellation for good reason. An ordinary one needs none."),
    )
    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("That of the contract. We send the receipt there."),
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    contract = forms.CharField(
        label=_("Which contract?"),
        required=False,
        max_length=200,
        help_text=_("The number of an invoice, an order or the membership, or any words that name it."),
    )
    wanted_on = forms.DateField(
        label=_("It is to end on"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=_("Empty: at the next possible date."),
    )
    # Made new with each page: the declaration sent twice is made once.
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, data, *, kind: str, today: date, person: User | None) -> None:
        known = {"name": person.name, "email": person.email} if person else {}
        super().__init__(data, initial=known)
        self.kind, self.today = kind, today
        if kind == DeclarationKind.WITHDRAW:
            for name in ("manner", "cause", "wanted_on"):
                del self.fields[name]
            self.fields["contract"].help_text = _("The membership, or the number of the order or the invoice.")

    def clean_wanted_on(self) -> date | None:
        day = self.cleaned_data["wanted_on"]
        if day is not None and day < self.today:
            raise forms.ValidationError(_("Please choose today or a later day."))
        return day

    def clean(self) -> dict:
        facts = super().clean() or self.cleaned_data
        if facts.get("manner") == Manner.GOOD_REASON and not facts.get("cause") and "cause" not in self.errors:
            self.add_error("cause", _("Please say what the good reason is."))
        return facts

    def declared(self) -> Declared:
        """What was typed, once it is valid."""
        facts = {name: value for name, value in self.cleaned_data.items() if name != "token"}
        if facts.get("manner", Manner.ORDINARY) == Manner.ORDINARY:
            facts.pop("cause", None)
        return Declared(kind=self.kind, **facts)
