"""The new price waits on the subscription for the renewal from which it applies, so that every page and mail that
speaks of the next charge speaks of it. The renewal itself decides again; see `settling`."""

from __future__ import annotations

from collections.abc import Iterable

from apps.memberships.models import PricePromise, Subscription


def arm(promises: Iterable[PricePromise]) -> None:
    """Let the new price wait where it may be charged at the coming renewal and no other price waits. One statement for
    each change of prices. The caller holds the promises and their subscriptions, both loaded."""
    ready = [
        promise
        for promise in promises
        if promise.may_move
        and promise.subscription.next_bill_at is not None
        and promise.subscription.next_bill_at >= promise.applies_from
    ]
    for (old_price, new_price), members in _by_prices(ready).items():
        Subscription.objects.open().filter(pk__in=members, price=old_price, pending_price=None).update(
            pending_price=new_price
        )


def disarm(promises: Iterable[PricePromise]) -> None:
    """Take back what `arm` let wait; a plan change of the member's own stays. One statement for each change of
    prices."""
    for (old_price, new_price), members in _by_prices(promises).items():
        Subscription.objects.filter(pk__in=members, price=old_price, pending_price=new_price).update(pending_price=None)


def _by_prices(promises: Iterable[PricePromise]) -> dict[tuple[int, int], list[int]]:
    """The subscriptions by old and new price."""
    groups: dict[tuple[int, int], list[int]] = {}
    for promise in promises:
        groups.setdefault((promise.old_price_id, promise.new_price_id), []).append(promise.subscription_id)
    return groups
