"""Everything that happened with one customer, in a fixed number of queries, whatever the length of the story."""

from __future__ import annotations

from collections.abc import Callable

from apps.accounts.models import User

from . import letters, membership, money
from .moment import Kind, Moment

__all__ = ["Kind", "Moment", "of"]

_SOURCES: dict[Kind, tuple[Callable[[User], list[Moment]], ...]] = {
    Kind.ACCOUNT: (letters.account,),
    Kind.MEMBERSHIP: (membership.history, membership.signups, membership.changes),
    Kind.INVOICE: (money.invoices,),
    Kind.PAYMENT: (money.payments,),
    Kind.REFUND: (money.refunds,),
    Kind.DUNNING: (money.recoveries,),
    Kind.CREDIT: (money.credits,),
    Kind.POINTS: (membership.points,),
    Kind.MAIL: (letters.mails,),
    Kind.CONSENT: (letters.consents,),
    Kind.OFFER: (membership.offers,),
    Kind.CAMPAIGN: (letters.campaigns,),
    Kind.GUIDE: (membership.guides,),
}


def of(customer: User, *, kind: Kind | None = None) -> list[Moment]:
    """The story of a customer, newest first; of one kind when it is given."""
    sources = _SOURCES[kind] if kind else [source for group in _SOURCES.values() for source in group]
    return sorted(
        (moment for source in sources for moment in source(customer)), key=lambda moment: moment.at, reverse=True
    )
