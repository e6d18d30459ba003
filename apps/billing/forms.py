"""What staff type in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from apps.core.money import Money, exponent

from . import refunds, rules
from .models import DunningPolicy, Payment


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
