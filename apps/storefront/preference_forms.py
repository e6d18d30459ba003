"""What customers set about themselves."""

from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User


class PreferencesForm(forms.ModelForm):
    """Name, language, currency, time zone; the address is changed elsewhere, since it has to be proven."""

    class Meta:
        model = User
        fields = ["name", "locale", "currency", "time_zone"]
        widgets = {"name": forms.TextInput({"autocomplete": "name"})}
        help_texts = {
            "locale": _("For our messages and the pages of your account."),
            "currency": _("For new memberships. A membership you have keeps the currency it was bought in."),
            "time_zone": _(
                "For the times that we show you. A membership you have keeps the time zone it was bought in: its days "
                "of renewal do not move."
            ),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        # Those that are named after a place, and not after an abbreviation.
        known = {zone for zone in available_timezones() if "/" in zone} | {"UTC", self.instance.time_zone}
        zones = [(zone, zone.replace("_", " ")) for zone in sorted(known)]
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Time zone"), choices=zones, help_text=self.Meta.help_texts["time_zone"]
        )
        self.fields["name"].label, self.fields["name"].required = _("Your name"), True
        self.fields["locale"].label, self.fields["currency"].label = _("Language"), _("Currency")
