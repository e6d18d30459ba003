"""How dates and numbers are written, where Django's own way is not the shop's."""

from django.utils.translation import gettext_noop

# Named here so that the catalogues have them: in Italian and Romanian, Django writes them with a capital.
MONTHS = [
    gettext_noop("January"),
    gettext_noop("February"),
    gettext_noop("March"),
    gettext_noop("April"),
    gettext_noop("May"),
    gettext_noop("June"),
    gettext_noop("July"),
    gettext_noop("August"),
    gettext_noop("September"),
    gettext_noop("October"),
    gettext_noop("November"),
    gettext_noop("December"),
]
