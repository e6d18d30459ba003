"""What customers fill in on the account and checkout pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.money import Money
from apps.loyalty import rules as points_rules
from apps.memberships.models import CancelReason


class ConsentForm(forms.Form):
    """The box beside the terms at checkout: never ticked for the customer."""

    agree = forms.BooleanField(error_messages={"required": _("Please tick the box to agree before you go on.")})

    def __init__(self, *args, text: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agree"].label = text


class CancelForm(forms.Form):
    """One question on the way out; the answer is optional."""

    reason = forms.ChoiceField(
        label=_("What is the main reason?"),
        choices=CancelReason.choices,
        required=False,
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("Anything we should know?"), required=False, max_length=1000, widget=forms.Textarea({"rows": 3})
    )


class RedeemForm(forms.Form):
    """How many points to turn into credit."""

    points = forms.IntegerField(label=_("Points to use"), min_value=1)

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

    @property
    def value(self) -> Money:
        """What the chosen points are worth."""
        return points_rules.value_of(self.cleaned_data["points"], self.currency)
