"""Everything that happened with one customer, in a fixed number of queries, whatever the length of the story."""

from __future__ import annotations

from collections.abc import Callable

from apps.accounts.models import User

from . import letters, membership, money
from .moment import Kind, Moment

__all__ = ["Kind", "Moment", "of"]

# In the order in which things of one instant are told, the consequence before its cause: newest first.
_SOURCES: tuple[tuple[Kind, Callable[[User], list[Moment]]], ...] = (
    (Kind.MAIL, letters.mails),
    (Kind.CAMPAIGN, letters.campaigns),
    (Kind.OFFER, membership.offers),
    (Kind.POINTS, membership.points),
    (Kind.MEMBERSHIP, membership.history),
    (Kind.MEMBERSHIP, membership.changes),
    (Kind.MEMBERSHIP, membership.declarations),
    (Kind.DUNNING, money.recoveries),
    (Kind.DISPUTE, money.disputes),
    (Kind.REFUND, money.refunds),
    (Kind.PAYMENT, money.payments),
    (Kind.CREDIT, money.credits),
    (Kind.INVOICE, money.credit_notes),
    (Kind.INVOICE, money.invoices),
    (Kind.MEMBERSHIP, membership.signups),
    (Kind.GUIDE, membership.guides),
    (Kind.CONSENT, letters.consents),
    (Kind.ACCOUNT, letters.account),
)


def of(customer: User, *, kind: Kind | None = None) -> list[Moment]:
    """The story of a customer, newest first; of one kind when it is given."""
    moments = [moment for source_kind, source in _SOURCES if kind in (None, source_kind) for moment in source(customer)]
    return sorted(moments, key=lambda moment: moment.at, reverse=True)
