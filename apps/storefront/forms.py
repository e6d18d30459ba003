"""What customers fill in on the account and checkout pages."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from uuid import uuid4
from zoneinfo import ZoneInfo

from babel import Locale
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.billing import tax_numbers
from apps.billing.models import BillingDetails
from apps.loyalty import rules as points_rules
from apps.memberships.gifts import rules as gift_rules
from apps.memberships.models import CancelReason, Plan
from apps.memberships.pause_rules import PauseSpan
from apps.memberships.services import PauseChoice

# One digit fewer than the largest id has.
MAX_DIGITS = 18
# A gift arrives in the morning, within a year.
DELIVER_AT = time(8)
DELIVER_WITHIN = timedelta(days=365)


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


def country_name(code: str) -> str:
    """The name of a country (ISO 3166 alpha-2) in the active language; the code where it has none."""
    return Locale.parse(to_locale(get_language() or "en")).territories.get(code, code)


class CountryForm(forms.Form):
    """Where the customer lives, which decides the VAT that a price contains."""

    def __init__(self, data: QueryDict | None, *, current: str, countries: Iterable[str]) -> None:
        super().__init__(data)
        names = Locale.parse(to_locale(get_language() or "en")).territories
        named = sorted((names.get(code, code), code) for code in countries)
        self.fields["country"] = forms.ChoiceField(
            label=_("Your country"), choices=[(code, name) for name, code in named], initial=current
        )
        self.current_name = country_name(current)


class BillingForm(forms.Form):
    """What a customer wants on the invoices beside their name. All of it may stay empty, but a tax number needs the
    company and the address it belongs to."""

    company = forms.CharField(label=_("Company"), max_length=200, required=False)
    line1 = forms.CharField(label=_("Street and number"), max_length=120, required=False)
    line2 = forms.CharField(label=_("Building, floor"), max_length=120, required=False)
    postcode = forms.CharField(label=_("Postcode"), max_length=20, required=False)
    city = forms.CharField(label=_("City"), max_length=100, required=False)
    tax_number = forms.CharField(
        label=_("VAT number"),
        max_length=30,
        required=False,
        help_text=_("For companies. With or without the two letters of your country."),
    )
    AUTOCOMPLETE = {
        "company": "organization",
        "line1": "address-line1",
        "line2": "address-line2",
        "postcode": "postal-code",
        "city": "address-level2",
        "tax_number": "off",
    }

    def __init__(self, data: QueryDict | None, *, customer: User, details: BillingDetails | None) -> None:
        known = {name: getattr(details, name) for name in self.AUTOCOMPLETE} if details else {}
        super().__init__(data, initial=known)
        self.customer = customer
        for name, hint in self.AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = hint

    def clean_tax_number(self) -> str:
        typed = self.cleaned_data["tax_number"]
        if not typed:
            return ""
        try:
            return tax_numbers.normalise(typed, country=self.customer.country)
        except tax_numbers.NotATaxNumber:
            country = country_name(self.customer.country)
            raise forms.ValidationError(
                _("This is not a VAT number of %(country)s. Please check its digits, and your country."),
                params={"country": country},
            ) from None

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if cleaned.get("tax_number"):
            for name in ("company", "line1", "city"):
                if name in cleaned and not cleaned[name]:
                    self.add_error(name, _("Please fill this in: it belongs to the VAT number."))
        return cleaned


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


class GiftForm(ConsentForm):
    """Whom a gift is for, how they get it, and the box beside the terms."""

    recipient_name = forms.CharField(label=_("Who is it for?"), max_length=80)
    recipient_email = forms.EmailField(
        label=_("Their e-mail address"),
        required=False,
        help_text=_("We send them the code. Leave it empty to print the gift and hand it over yourself."),
    )
    deliver_on = forms.DateField(
        label=_("Send it on"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=_("Empty: as soon as it is paid."),
    )
    greeting = forms.CharField(
        label=_("A few words"), required=False, max_length=500, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args, zone: str, now: datetime, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.now = ZoneInfo(zone), now
        self.order_fields(["recipient_name", "recipient_email", "deliver_on", "greeting", "agree"])

    def clean_deliver_on(self) -> datetime | None:
        """Eight in the morning of that day, where the buyer lives, in UTC; None for at once."""
        day = self.cleaned_data["deliver_on"]
        if day is None:
            return None
        today = self.now.astimezone(self.zone).date()
        if not today <= day <= today + DELIVER_WITHIN:
            raise forms.ValidationError(_("Please choose a day within the next twelve months."))
        return datetime.combine(day, DELIVER_AT, tzinfo=self.zone).astimezone(UTC)

    def clean(self) -> dict:
        facts = super().clean() or self.cleaned_data
        if facts.get("deliver_on") and not facts.get("recipient_email") and "recipient_email" not in self.errors:
            self.add_error("recipient_email", _("Please say where to send it on that day."))
        return facts


class CodeForm(forms.Form):
    """The code of a gift, as somebody types it."""

    code = forms.CharField(label=_("The code of your gift"), max_length=40)

    def clean_code(self) -> str:
        code = gift_rules.read_code(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError(_("This is no code of a gift: a code has 16 letters and digits."))
        return code


class PauseForm(forms.Form):
    """How long to pause: the months of each span on offer, 0 for the next period; `begins` is the beginning shown."""

    begins = forms.DateTimeField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, choice: PauseChoice, zone: str) -> None:
        super().__init__(data)
        spans = [*([choice.skip] if choice.skip else []), *choice.pauses]
        self.fields["months"] = forms.TypedChoiceField(
            label=_("How long?"),
            choices=[(span.months, self._label(span, zone)) for span in spans],
            coerce=int,
            widget=forms.RadioSelect,
        )
        self.fields["begins"].initial = spans[0].begins_at.isoformat()

    @staticmethod
    def _label(span: PauseSpan, zone: str) -> str:
        resumes = date_format(span.resumes_at.astimezone(ZoneInfo(zone)), "DATE_FORMAT")
        if span.is_skip:
            return _("Skip the next period, until %(date)s. Your days of renewal stay as they are.") % {"date": resumes}
        text = ngettext("%(count)s month, until %(date)s", "%(count)s months, until %(date)s", span.months)
        return text % {"count": span.months, "date": resumes}


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
