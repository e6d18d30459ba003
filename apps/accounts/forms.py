"""What the sign-up page asks beside e-mail and password."""

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.core import clock

from . import consents, services


class SignupExtras(forms.Form):
    """Base of allauth's sign-up form: the name, and marketing mail as an unticked choice."""

    field_order = ["name", "email", "password1", "accepts_marketing"]

    name = forms.CharField(
        label=_("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    accepts_marketing = forms.BooleanField(label="", required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["accepts_marketing"].label = consents.marketing_text()

    def signup(self, request: HttpRequest, user) -> None:
        """Called by allauth once the user is stored."""
        user.name = self.cleaned_data["name"]
        user.locale = _language()
        user.save(update_fields=["name", "locale"])
        if self.cleaned_data["accepts_marketing"]:
            services.set_marketing(user, granted=True, source="signup", now=clock.now())


def _language() -> str:
    """The language of the page, as one of settings.LANGUAGES."""
    offered = [code for code, _name in settings.LANGUAGES]
    language = (get_language() or settings.LANGUAGE_CODE).partition("-")[0]
    return language if language in offered else settings.LANGUAGE_CODE
