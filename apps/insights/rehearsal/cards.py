"""How the customers' cards behave in a rehearsal: as far as the book knows, and as unlucky as staff want to see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from apps.billing.gateway.behaviours import Rule, decline
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Card


def gateway(*, clock: Callable[[], datetime], decline_basis_points: int = 0, seed: int = 0) -> Rehearsal:
    """A gateway in memory for every saved card of the book; it reads them once, in this thread.

    A card is good until the end of the month printed on it (UTC) and declines with `expired_card` afterwards: issuers
    may renew a card without its customer, but nobody should count on it. Of the others, each charge declines with a
    chance of `decline_basis_points` in 10,000, by the seed, the card and the number of its charge alone. A customer
    without a card never gets here: collection refuses that charge by itself.
    """
    expiries = {
        gateway_id: (year, month)
        for gateway_id, year, month in Card.objects.usable().values_list("gateway_id", "exp_year", "exp_month")
    }
    unlucky = (decline("generic_decline", chance=decline_basis_points),) if decline_basis_points else ()

    def script(method_id: str) -> tuple[Rule, ...]:
        expiry = expiries.get(method_id)
        expired = (decline("expired_card", since=expires_at(*expiry)),) if expiry else ()
        return (*expired, *unlucky)

    return Rehearsal(seed=seed, clock=clock, known_only=False, unseen=script)


def expires_at(year: int, month: int) -> datetime:
    """The first instant (UTC) at which a card with this expiry date is no longer good."""
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
