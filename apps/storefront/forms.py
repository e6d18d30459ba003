"""What customers fill in on the account and checkout pages."""

from collections.abc import Iterable
from hashlib import sha256
from uuid import uuid4

from babel import Locale
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

from apps.loyalty import rules as points_rules
from apps.memberships.models import CancelReason, Plan

# One digit fewer than the largest id has.
MAX_DIGITS = 18


def number(text: str) -> int:
    """The id in a hidden field or an address; 0, which no row has, when it is none."""
    return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else 0


class ConsentForm(forms.Form):
    """The box beside the terms at checkout: never ticked for the customer.

    `text` are the words beside the box, `facts` what the page says around it. Both go back with the answer as one
    fingerprint, so that a consent is only ever taken for what was really on the screen.
    """

    agree = forms.BooleanField(error_messages={"required": _("Please tick the box to agree before you go on.")})

    def __init__(self, *args, text: str, facts: Iterable[object], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agree"].label = text
        self.fingerprint = sha256("\n".join([text, *map(str, facts)]).encode()).hexdigest()

    @property
    def is_outdated(self) -> bool:
        """Was the answer given to another text, or to other amounts, than those in force now?"""
        return self.is_bound and self.data.get("shown") != self.fingerprint


class CountryForm(forms.Form):
    """Where the customer lives, which decides the VAT that a price contains."""

    def __init__(self, data: QueryDict | None, *, current: str, countries: Iterable[str]) -> None:
        super().__init__(data)
        names = Locale.parse(to_locale(get_language() or "en")).territories
        named = sorted((names.get(code, code), code) for code in countries)
        self.fields["country"] = forms.ChoiceField(
            label=_("Your country"), choices=[(code, name) for name, code in named], initial=current
        )
        self.current_name = names.get(current, current)


class QuantityForm(forms.Form):
    """How many seats or boxes, asked for in the address; `held` where the address says nothing."""

    quantity = forms.IntegerField(label=_("How many"))

    def __init__(self, data: QueryDict, *, plan: Plan, held: int = 1) -> None:
        super().__init__({"quantity": data.get("quantity") or held})
        self.held = held
        field = self.fields["quantity"]
        field.validators += [MinValueValidator(1), MaxValueValidator(plan.max_quantity)]
        field.widget.attrs |= {"min": 1, "max": plan.max_quantity, "inputmode": "numeric"}

    @property
    def chosen(self) -> int:
        """The number asked for; what is held when that is refused."""
        return self.cleaned_data["quantity"] if self.is_valid() else self.held

    @property
    def problem(self) -> str:
        """Why the number is refused."""
        return " ".join(str(text) for text in self.errors.get("quantity", ()))


class CancelForm(forms.Form):
    """One question on the way out; the answer is optional."""

    reason = forms.ChoiceField(
        label=_("What is the main reason?"),
        choices=CancelReason.choices,
        required=False,
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("Anything we should know?"), required=False, max_length=1000, widget=forms.Textarea({"rows": 2})
    )


class RedeemForm(forms.Form):
    """How many points to turn into credit."""

    points = forms.IntegerField(label=_("Points to use"), min_value=1)
    # Made new with each page: the form sent twice takes points once.
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args, balance: int, currency: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.balance, self.currency = balance, currency
        field = self.fields["points"]
        field.initial = balance
        field.help_text = _("You have %(points)s points, worth %(value)s.") % {
            "points": balance,
            "value": points_rules.value_of(balance, currency).format(),
        }
        field.widget.attrs |= {"max": balance, "inputmode": "numeric"}

    def clean_points(self) -> int:
        points = self.cleaned_data["points"]
        if points > self.balance:
            raise forms.ValidationError(_("You have %(points)s points."), params={"points": self.balance})
        return points
