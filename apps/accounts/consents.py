"""The words people agree to, each with the version that is stored beside their answer.

A change of the words is a new version. The text of the answer is kept as it was shown, in its language.
"""

from django.utils.translation import gettext as _

MARKETING_VERSION = "marketing-2026-11"


def marketing_text() -> str:
    """The question beside the marketing box, in the active language."""
    return _("Send me garden notes and offers by e-mail, now and then. I can stop them with one click in every mail.")
