"""A column for addresses, the languages of the shop, and the check of a time zone."""

from collections.abc import Sequence
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _


class LowerCaseEmailField(models.EmailField):
    """An e-mail address in lower case, in what is stored and in what is looked for."""

    def to_python(self, value):
        value = super().to_python(value)
        return value.strip().lower() if isinstance(value, str) else value

    def get_prep_value(self, value):
        return self.to_python(super().get_prep_value(value))

    def pre_save(self, model_instance, add):
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


def languages() -> Sequence[tuple[str, str | Promise]]:
    """The languages the shop speaks; a function, so that a new one needs no migration."""
    return settings.LANGUAGES


def validate_time_zone(name: str) -> None:
    """Raises ValidationError unless `name` is an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(_("There is no time zone named “%(name)s”."), params={"name": name})
