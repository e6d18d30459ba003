"""What staff type in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import uuid4

from babel.core import get_global
from django import forms
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from apps.core.money import Money, exponent

from . import refunds, rules
from .models import DunningPolicy, Payment, TaxRate
from .models.tax import STANDARD

# CLDR's code for "unknown region".
NO_COUNTRY = "ZZ"


class ReasonForm(BaseDialogForm):
    """Why staff do something that cannot be undone."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)


class RefundForm(BaseDialogForm):
    """How much of a payment goes back, and why. `key` makes the same form, sent twice, one refund."""

    amount = forms.DecimalField(label=_("Amount"), widget=UnfoldAdminDecimalFieldWidget)
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.payment = Payment.objects.filter(pk=self.object_id).first()
        self.fields["key"].initial = uuid4
        if self.payment:
            left = refunds.refundable(self.payment)
            self.fields["amount"].initial = left.decimal
            self.fields["amount"].help_text = _text("At most %(left)s.") % {"left": left}

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if self.payment is None or self.payment.status != Payment.Status.SUCCEEDED:
            # Dialogs show the errors of fields only.
            self.add_error("amount", _("Only a payment that succeeded can be refunded."))
        elif "amount" in cleaned:
            cleaned["money"] = self._money(self.payment, cleaned["amount"])
        return cleaned

    def _money(self, payment: Payment, amount: Decimal) -> Money | None:
        minor = amount.scaleb(exponent(payment.currency))
        left = refunds.refundable(payment)
        if minor != int(minor):
            self.add_error("amount", _("This currency does not have that many decimal places."))
        elif not 0 < minor <= left.minor:
            self.add_error("amount", _text("More than zero, and at most %(left)s.") % {"left": left})
        else:
            return Money(int(minor), payment.currency)
        return None


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


class DunningPolicyForm(forms.ModelForm):
    """A policy; saving makes a new version of it."""

    class Meta:
        model = DunningPolicy
        fields = ["name", "retry_days", "mail_days", "grace_days", "is_default"]

    MESSAGES = {
        "retry_days": _("Give rising whole days from 1 to 60, such as [1, 3, 5, 7]."),
        "mail_days": _("Give rising whole days from 1 to 60, none after the last retry, such as [6]."),
        "grace_days": _("Give 0 to 60 days."),
    }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mail_days"].required = False

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if {"retry_days", "mail_days", "grace_days"} <= cleaned.keys():
            for field in rules.check_policy(cleaned["retry_days"], cleaned["mail_days"], cleaned["grace_days"]):
                self.add_error(field, self.MESSAGES[field])
        return cleaned
