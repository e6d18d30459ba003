"""All writes of points. Each entry has a key, and the database refuses the second."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import User

from . import rules
from .models import EarningRule, Kind, PointsAccount, PointsEntry, PointsLot
from .signals import points_changed


class NotEnoughPoints(Exception):
    """The customer has fewer points than asked for; the message is for them."""


def earn(
    customer_id: int, *, points: int, key: str, reason: str, now: datetime, currency: str | None = None
) -> PointsEntry:
    """Give points as a new lot with the lifetime of the rule in force. The same key again returns the first entry.

    `currency` is the currency in which the shop owes their value; the customer's own when none is given.
    Raises ValueError when points are not positive.
    """
    return _grant(customer_id, kind=Kind.EARN, points=points, key=key, reason=reason, now=now, currency=currency)


def adjust(
    customer_id: int, *, points: int, key: str, reason: str, now: datetime, currency: str | None = None
) -> list[PointsEntry]:
    """Staff add points (a new lot) or, with a negative number, take them back (from the lots that expire first).

    The same key again changes nothing. Raises NotEnoughPoints, and ValueError for zero.
    """
    if points > 0:
        return [
            _grant(customer_id, kind=Kind.ADJUST, points=points, key=key, reason=reason, now=now, currency=currency)
        ]
    entries, is_new = _take(
        customer_id, kind=Kind.ADJUST, points=-points, key=key, reason=reason, now=now, currency=currency
    )
    if is_new:
        points_changed.send(PointsEntry, entries=entries, now=now)
    return entries


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
def _grant(customer_id: int, *, kind, points: int, key: str, reason: str, now: datetime, currency) -> PointsEntry:
    if points <= 0:
        raise ValueError("Points to give are a positive number")
    _lock_account(customer_id)
    done = PointsEntry.objects.filter(key=key).first()
    if done is not None:
        return done
    rule = EarningRule.objects.in_force(now)
    expires_at = now + timedelta(days=rule.lifetime_days if rule else rules.DEFAULT_LIFETIME_DAYS)
    entry = PointsEntry.objects.create(
        customer_id=customer_id,
        kind=kind,
        points=points,
        currency=currency or _currency_of(customer_id),
        key=key,
        reason=reason,
        at=now,
        expires_at=expires_at,
    )
    PointsLot.objects.create(
        entry=entry,
        customer_id=customer_id,
        currency=entry.currency,
        remaining=points,
        expires_at=expires_at,
    )
    PointsAccount.objects.filter(customer=customer_id).update(balance=F("balance") + points)
    points_changed.send(PointsEntry, entries=[entry], now=now)
    return entry


@transaction.atomic
def _take(
    customer_id: int, *, kind, points: int, key: str, reason: str, now: datetime, currency
) -> tuple[list[PointsEntry], bool]:
    if points <= 0:
        raise ValueError("Points to take are a positive number")
    _lock_account(customer_id)
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


def _lock_account(customer_id: int) -> PointsAccount:
    """The customer's account, locked: all writes of one customer's points go one after the other."""
    PointsAccount.objects.bulk_create([PointsAccount(customer_id=customer_id)], ignore_conflicts=True)
    return PointsAccount.objects.select_for_update().get(customer=customer_id)


def _currency_of(customer_id: int) -> str:
    return User.objects.values_list("currency", flat=True).get(pk=customer_id)
