"""What staff type in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from babel.core import get_global
from babel.numbers import list_currencies
from django import forms
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.core.money import Money, exponent

from . import corrections, limits, refunds, rules
from .limits import Limit
from .models import CreditNote, DunningPolicy, Invoice, Payment, Seller, TaxRate
from .models.tax import STANDARD

# CLDR's code for "unknown region".
NO_COUNTRY = "ZZ"


class ReasonForm(BaseDialogForm):
    """Why staff do something that cannot be undone."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)


class AnswerForm(BaseDialogForm):
    """What we say to a bank about a dispute."""

    statement = forms.CharField(
        label=_("What happened"),
        max_length=20_000,
        widget=UnfoldAdminTextareaWidget,
        help_text=_("Such as: when they joined, how often they used it, what you wrote to each other."),
    )


class AmountForm(BaseDialogForm):
    """Part of something in a currency, and why. `key` makes the same form, sent twice, one occasion."""

    amount = forms.DecimalField(label=_("Amount"), widget=UnfoldAdminDecimalFieldWidget)
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid4

    def offer(self, *limits: Limit) -> None:
        """Propose the most that is left, and say why it is no more."""
        most = max((limit.left for limit in limits), key=lambda left: left.minor)
        self.fields["amount"].initial = most.decimal
        self.fields["amount"].help_text = " ".join(dict.fromkeys(self._said(limits, most)))

    def _said(self, limits: Sequence[Limit], most: Money) -> Iterator[str]:
        yield _text("At most %(left)s.") % {"left": most}
        for limit in limits:
            yield from limit.reasons

    def take(self, amount: Decimal, *, left: Money) -> Money | None:
        """The amount as money, or an error beside it."""
        minor = amount.scaleb(exponent(left.currency))
        if minor != int(minor):
            self.add_error("amount", _("This currency does not have that many decimal places."))
        elif not 0 < minor <= left.minor:
            self.add_error("amount", _text("More than zero, and at most %(left)s.") % {"left": left})
        else:
            return Money(int(minor), left.currency)
        return None


class RefundForm(AmountForm):
    """How much of a payment goes back, and why."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.payment = Payment.objects.select_related("invoice").filter(pk=self.object_id).first()
        if self.payment:
            self.offer(limits.to_card(self.payment))

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if self.payment is None or self.payment.status != Payment.Status.SUCCEEDED:
            # Dialogs show the errors of fields only.
            self.add_error("amount", _("Only a payment that succeeded can be refunded."))
        elif "amount" in cleaned:
            cleaned["money"] = self.take(cleaned["amount"], left=refunds.payable_back(self.payment))
        return cleaned


class CreditForm(AmountForm):
    """How much of an invoice is taken back, why, and where the money goes."""

    to = forms.ChoiceField(label=_("The money goes"), widget=UnfoldAdminSelectWidget)
    field_order = ["to", "amount", "reason", "key"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.invoice = Invoice.objects.filter(pk=self.object_id).first()
        self.limits = self._limits()
        self.fields["to"].choices = [
            (to, _text("%(where)s (at most %(left)s)") % {"where": CreditNote.Settlement(to).label, "left": limit.left})
            for to, limit in self.limits.items()
        ]
        if self.limits:
            self.offer(*self.limits.values())

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if not self.limits:
            self.add_error("amount", self._refusal())
        elif {"amount", "to"} <= cleaned.keys():
            cleaned["money"] = self.take(cleaned["amount"], left=self.limits[cleaned["to"]].left)
        return cleaned

    def _refusal(self) -> str:
        if self.invoice is None or self.invoice.status != Invoice.Status.PAID:
            return _text("Only a paid invoice can be corrected in part. Withdraw an open one.")
        return limits.to_credit(self.invoice).text

    def _limits(self) -> dict[str, Limit]:
        """What may go where; nothing when the invoice is not paid."""
        if self.invoice is None or self.invoice.status != Invoice.Status.PAID:
            return {}
        payment = corrections.payment_of(self.invoice)
        found = {CreditNote.Settlement.CREDIT: limits.to_credit(self.invoice)}
        if payment:
            found = {CreditNote.Settlement.CARD: limits.to_card(payment), **found}
        return {to: limit for to, limit in found.items() if limit.left}


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


class SellerForm(forms.ModelForm):
    """Who sells, as the next invoices will say it."""

    class Meta:
        model = Seller
        fields = ["legal_name", "address", "country", "tax_number", "registration", "email", "tax_rounding"]

    def clean_country(self) -> str:
        country = self.cleaned_data["country"].upper()
        if not re.fullmatch("[A-Z]{2}", country):
            raise forms.ValidationError(_("A country has two letters, such as IT."))
        return country

    def clean_tax_number(self) -> str:
        """Two letters of the country and up to 12 more signs (Directive 2006/112/EC, Art. 215)."""
        number = re.sub(r"[\s.\-]", "", self.cleaned_data["tax_number"]).upper()
        if number and not re.fullmatch("[A-Z]{2}[0-9A-Z+*]{2,12}", number):
            raise forms.ValidationError(_("Give the number with its country, such as IT00743110157."))
        return number


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
