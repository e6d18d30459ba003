"""The arithmetic of orders: discounts split over lines, shares of a line, steps shown. No database, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.core.money import split


def discount_shares(off_minor: int, amounts: Sequence[int]) -> list[int]:
    """A discount split over lines in proportion to their amounts, exactly: the parts sum to it, and none is more than
    its line. Raises ValueError unless 0 <= discount <= sum of the amounts."""
    if not 0 <= off_minor <= sum(amounts):
        raise ValueError(f"{off_minor} cannot be taken off {sum(amounts)}")
    return split(off_minor, amounts) if off_minor else [0] * len(amounts)


def share_of(amount_minor: int, *, quantity: int, given_back: int, pieces: int) -> int:
    """What the next `pieces` of a line are worth, of which `given_back` came before them.

    Each prefix of the line is rounded down, so that whatever the parts are, all of them sum to the amount. Raises
    ValueError for more pieces than are left.
    """
    if pieces < 0 or given_back < 0 or given_back + pieces > quantity:
        raise ValueError(f"{pieces} of {quantity} are not left after {given_back}")
    return amount_minor * (given_back + pieces) // quantity - amount_minor * given_back // quantity


def piece_share(
    amount_minor: int,
    *,
    bundles: int,
    pieces: Sequence[int],
    weights: Sequence[int],
    which: int,
    given_back: int,
    count: int,
) -> int:
    """What the next `count` pieces of one kind are worth out of so many bundles, of which `given_back` pieces of that
    kind came before. In one bundle are `pieces` of each kind, and one piece of a kind weighs its part of `weights`.

    Single pieces are taken out of the last bundle first, whole bundles are given back from the first (`share_of`): as
    long as no bundle is given back both ways, the parts of all pieces and bundles sum to the amount. Each bundle is
    split by largest remainder. Raises ValueError for more pieces than there are.
    """
    if count < 0 or given_back < 0 or given_back + count > bundles * pieces[which]:
        raise ValueError(f"{count} of {bundles * pieces[which]} are not left after {given_back}")
    worth = 0
    for place in range(given_back, given_back + count):
        opened, within = divmod(place, pieces[which])
        bundle = share_of(amount_minor, quantity=bundles, given_back=bundles - 1 - opened, pieces=1)
        kind = split(bundle, [weight * number for weight, number in zip(weights, pieces, strict=True)])[which]
        worth += share_of(kind, quantity=pieces[which], given_back=within, pieces=1)
    return worth


def enough_for(there: Mapping[int, int], pieces: Mapping[int, int]) -> int | None:
    """How many things made of `pieces` (how many of each kind) can be made of what is there; None where none of the
    kinds is counted."""
    return min((there[kind] // count for kind, count in pieces.items() if kind in there), default=None)


def without(there: Mapping[int, int], pieces: Mapping[int, int], *, times: int) -> dict[int, int]:
    """What is there after so many things made of `pieces` were taken from it; kinds that are not counted stay so."""
    return {kind: left - pieces.get(kind, 0) * times for kind, left in there.items()}
