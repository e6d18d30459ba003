"""All writes of points. Each entry has a key, and the database refuses the second."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core import copying

from . import rules
from .models import EarningRule, Kind, PointsAccount, PointsEntry, PointsLot
from .signals import points_changed


class NotEnoughPoints(Exception):
    """The customer has fewer points than asked for; the message is for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Points to give: a positive number, owed in `currency`; `key` names the occasion. Raises ValueError."""

    customer_id: int
    points: int
    key: str
    reason: str
    currency: str

    def __post_init__(self) -> None:
        if self.points <= 0:
            raise ValueError("Points to give are a positive number")


class LotRow(NamedTuple):
    """A lot as it is written; see `models.PointsLot`."""

    entry_id: int
    customer_id: int
    currency: str
    remaining: int
    expires_at: datetime


def earn(customer_id: int, *, points: int, key: str, reason: str, now: datetime, currency: str | None = None) -> None:
    """Give points as a new lot with the lifetime of the rule in force. The same key again changes nothing.

    `currency` is the currency in which the shop owes their value; the customer's own when none is given.
    Raises ValueError when points are not positive.
    """
    currency = currency or _currency_of(customer_id)
    grant = Grant(customer_id=customer_id, points=points, key=key, reason=reason, currency=currency)
    earn_many([grant], rule=EarningRule.objects.in_force(now), now=now)


def earn_many(grants: Sequence[Grant], *, rule: EarningRule | None, now: datetime) -> None:
    """`earn` for many customers, in a number of statements that does not depend on how many. `rule` is the one in
    force at `now`."""
    _give(grants, kind=Kind.EARN, rule=rule, now=now)


def adjust(
    customer_id: int, *, points: int, key: str, reason: str, now: datetime, currency: str | None = None
) -> list[PointsEntry]:
    """Staff add points (a new lot) or, with a negative number, take them back (from the lots that expire first).

    The same key again changes nothing. Raises NotEnoughPoints, and ValueError for zero.
    """
    if points > 0:
        currency = currency or _currency_of(customer_id)
        grant = Grant(customer_id=customer_id, points=points, key=key, reason=reason, currency=currency)
        _give([grant], kind=Kind.ADJUST, rule=EarningRule.objects.in_force(now), now=now)
        return list(PointsEntry.objects.filter(key=key))
    entries, is_new = _take(
        customer_id, kind=Kind.ADJUST, points=-points, key=key, reason=reason, now=now, currency=currency
    )
    if is_new:
        points_changed.send(PointsEntry, entries=entries, now=now)
    return entries


@transaction.atomic
def take_back(customer_id: int, *, points: int, key: str, reason: str, now: datetime, currency: str) -> None:
    """Take back points that were given for what has come to nothing, as far as the customer still holds any in that
    currency: what was made of them stays. The same key again changes nothing."""
    _lock_accounts([customer_id])
    held = PointsLot.objects.spendable(customer_id, currency=currency, now=now).points()
    taken = min(points, held)
    if taken:
        adjust(customer_id, points=-taken, key=key, reason=reason, now=now, currency=currency)


def redeem(
    customer_id: int, *, points: int, key: str, reason: str, now: datetime, currency: str | None = None
) -> list[PointsEntry]:
    """Take points from the lots that expire first; one entry for each lot touched. The same key again changes nothing.

    Only lots whose value is owed in `currency` count (the customer's own when none is given). The caller posts what the
    points were given for, in the same transaction. Raises NotEnoughPoints, and ValueError when points are not positive.
    """
    entries, _is_new = _take(
        customer_id, kind=Kind.REDEEM, points=points, key=key, reason=reason, now=now, currency=currency
    )
    return entries


@transaction.atomic
def _give(grants: Sequence[Grant], *, kind: Kind, rule: EarningRule | None, now: datetime) -> None:
    """Open a lot for each grant whose key is new."""
    if not grants:
        return
    _lock_accounts({grant.customer_id for grant in grants})
    known = set(PointsEntry.objects.filter(key__in=[grant.key for grant in grants]).values_list("key", flat=True))
    expires_at = now + timedelta(days=rule.lifetime_days if rule else rules.DEFAULT_LIFETIME_DAYS)
    entries = copying.insert(
        [
            PointsEntry(**asdict(grant), kind=kind, at=now, expires_at=expires_at)
            for grant in grants
            if grant.key not in known
        ]
    )
    if not entries:
        return
    copying.write(
        PointsLot,
        [LotRow(entry.pk, entry.customer_id, entry.currency, entry.points, expires_at) for entry in entries],
    )
    PointsAccount.objects.add(entries)
    points_changed.send(PointsEntry, entries=entries, now=now)


@transaction.atomic
def _take(
    customer_id: int, *, kind, points: int, key: str, reason: str, now: datetime, currency
) -> tuple[list[PointsEntry], bool]:
    if points <= 0:
        raise ValueError("Points to take are a positive number")
    _lock_accounts([customer_id])
    done = list(PointsEntry.objects.filter(key__startswith=f"{key}#").order_by("pk"))
    if done:
        return done, False
    currency = currency or _currency_of(customer_id)
    lots = list(PointsLot.objects.spendable(customer_id, currency=currency, now=now).select_for_update())
    held = sum(lot.remaining for lot in lots)
    if held < points:
        raise NotEnoughPoints(_("You have %(held)d points; %(asked)d are needed.") % {"held": held, "asked": points})
    touched, entries = [], []
    for lot, part in zip(lots, rules.take([lot.remaining for lot in lots], points), strict=True):
        if part:
            lot.remaining -= part
            touched.append(lot)
            entries.append(
                PointsEntry(
                    customer_id=customer_id,
                    kind=kind,
                    points=-part,
                    currency=currency,
                    key=f"{key}#{len(touched)}",
                    reason=reason,
                    at=now,
                    lot_id=lot.pk,
                )
            )
    PointsLot.objects.bulk_update(touched, ["remaining"])
    PointsAccount.objects.filter(customer=customer_id).update(balance=F("balance") - points)
    return PointsEntry.objects.bulk_create(entries), True


def _lock_accounts(customer_ids: Collection[int]) -> None:
    """Open the customers' accounts and lock them: all writes of one customer's points go one after the other."""
    accounts = PointsAccount.objects.filter(customer__any=list(customer_ids)).order_by("customer")
    new = sorted(set(customer_ids) - set(accounts.values_list("customer_id", flat=True)))
    if new:
        PointsAccount.objects.bulk_create([PointsAccount(customer_id=pk) for pk in new], ignore_conflicts=True)
    list(accounts.select_for_update().values_list("pk"))


def _currency_of(customer_id: int) -> str:
    return User.objects.values_list("currency", flat=True).get(pk=customer_id)
