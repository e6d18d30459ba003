"""Refusals of offers."""

from django.utils.translation import gettext as _


class OfferRefused(Exception):
    """An offer cannot be opened or decided by this customer now. `reason` is stable; `str()` is for people.

    Reasons: "unknown" (no such offer, somebody else's, or one that was never shown), "expired", "decided",
    "not_applicable" (the membership has changed since).
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    def __str__(self) -> str:
        return {
            "unknown": _("We cannot find this offer. Please use the link in our mail, signed in as its addressee."),
            "expired": _("This offer has ended."),
            "decided": _("This offer was already answered."),
            "not_applicable": _("This offer does not fit your membership any more."),
        }[self.reason]
