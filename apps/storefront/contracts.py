"""The contract that a page of the account is about: the membership, or the boxes of a group of plans.

Their pages are the same ones at two addresses, /account/membership/cancel/ and /account/boxes/<group>/cancel/: a group
has the address that says its name.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.memberships.models import MEMBERSHIP, Subscription

# The names of the pages that both have.
PAGES = ("cancel", "cancel_undo", "change_plan", "keep_plan", "pause", "pause_undo", "resume", "withdraw")


@dataclass(frozen=True, slots=True)
class Contract:
    """What a customer has, or had, of one group of plans."""

    group: str

    @classmethod
    def of(cls, subscription: Subscription) -> Contract:
        return cls(subscription.plan_group)

    @property
    def is_box(self) -> bool:
        """Whether a parcel is sent each period."""
        return self.group != MEMBERSHIP

    def held_by(self, customer: User) -> Subscription | None:
        """The customer's contract that is not over, maybe paused, with plan and prices."""
        return Subscription.objects.current_of(customer, group=self.group)

    def address(self, page: str) -> str:
        """The path of one of PAGES."""
        return reverse(page, kwargs={"group": self.group}) if self.is_box else reverse(page)

    @property
    def pages(self) -> dict[str, str]:
        """The paths of all PAGES by their names, for templates."""
        return {page: self.address(page) for page in PAGES}

    @property
    def home(self) -> str:
        """The path of the page that shows it."""
        return self.address("account_box") if self.is_box else reverse("account")

    @property
    def shelf(self) -> str:
        """The path of the page on which another one is chosen."""
        return reverse("boxes") if self.is_box else reverse("pricing")

    @property
    def title(self) -> str:
        """The name of its page, in the active language."""
        return _("Your box") if self.is_box else _("Your membership")
