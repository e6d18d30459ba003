"""How many there are, and who took them. Every change is a move with a key, and the database refuses the second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.core.lookups import by_key

from .models import Stock, StockMove, Variant


@dataclass(frozen=True, slots=True)
class Shortage:
    """More of a variant was asked for than there is."""

    variant_id: int
    asked: int
    left: int


class OutOfStock(Exception):
    """Some of what was asked for is not there; `shortages` says of what. Nothing was taken."""

    def __init__(self, shortages: list[Shortage]) -> None:
        super().__init__(_("Some of it is not in stock any more."))
        self.shortages = shortages


@transaction.atomic
def take(wanted: Mapping[int, int], *, key: str, now: datetime) -> None:
    """Take pieces (by variant) out of stock for a sale, all or none. The same key again changes nothing.

    Those who take the same variant go one after the other, in the order of the variants' numbers, so that none waits
    for another in a circle. Variants whose stock is not counted are passed over. Raises OutOfStock, and ValueError for
    a quantity that is not positive.
    """
    if any(quantity <= 0 for quantity in wanted.values()):
        raise ValueError("Pieces to take are a positive number")
    held = _lock(wanted)
    if _is_done(held, kind=StockMove.Kind.SOLD, key=key):
        return
    short = [Shortage(pk, wanted[pk], left) for pk, left in held.items() if wanted[pk] > left]
    if short:
        raise OutOfStock(short)
    _move({pk: -wanted[pk] for pk in held}, kind=StockMove.Kind.SOLD, key=key, now=now)


def is_there(wanted: Mapping[int, int]) -> bool:
    """Whether so many pieces (by variant) could be taken at this moment; the next may be too late."""
    left = Stock.objects.all().available(list(wanted))
    return all(wanted[pk] <= available for pk, available in left.items())


@transaction.atomic
def give_back(quantities: Mapping[int, int], *, key: str, now: datetime, actor: str = "") -> None:
    """Put pieces (by variant) back on the shelf: a sale that came to nothing, goods that came back. The same key again
    changes nothing. Raises ValueError for a quantity that is not positive."""
    if any(quantity <= 0 for quantity in quantities.values()):
        raise ValueError("Pieces to give back are a positive number")
    held = _lock(quantities)
    if not _is_done(held, kind=StockMove.Kind.RETURNED, key=key):
        moved = {pk: quantities[pk] for pk in held}
        _move(moved, kind=StockMove.Kind.RETURNED, key=key, now=now, actor=actor)


@transaction.atomic
def receive(variant: Variant, *, quantity: int, key: str, now: datetime, actor: str = "") -> None:
    """A delivery has arrived; from now on the variant is counted. The same key again changes nothing. Raises
    ValueError for a quantity that is not positive."""
    if quantity <= 0:
        raise ValueError("A delivery is a positive number")
    _count(variant)
    if not _is_done([variant.pk], kind=StockMove.Kind.RECEIVED, key=key):
        _move({variant.pk: quantity}, kind=StockMove.Kind.RECEIVED, key=key, now=now, actor=actor)


@transaction.atomic
def correct(variant: Variant, *, available: int, key: str, now: datetime, actor: str = "") -> None:
    """Somebody has counted: so many can be sold. The same key again changes nothing. Raises ValueError below zero."""
    if available < 0:
        raise ValueError("There cannot be fewer than none")
    left = _count(variant)
    if left != available and not _is_done([variant.pk], kind=StockMove.Kind.CORRECTED, key=key):
        _move({variant.pk: available - left}, kind=StockMove.Kind.CORRECTED, key=key, now=now, actor=actor)


def _count(variant: Variant) -> int:
    """Count the variant from now on, and lock it; how many are there."""
    Stock.objects.get_or_create(variant=variant)
    return _lock({variant.pk: 0})[variant.pk]


def _lock(variant_ids: Mapping[int, int]) -> dict[int, int]:
    """How many are left of each variant that is counted, locked."""
    rows = Stock.objects.filter(variant__any=list(variant_ids)).order_by("variant").select_for_update()
    return dict(rows.values_list("variant_id", "available"))


def _is_done(variant_ids: Iterable[int], *, kind: str, key: str) -> bool:
    """Whether this very change was made before. The caller holds the locks."""
    return StockMove.objects.filter(kind=kind, key__in=[f"{key}:{pk}" for pk in variant_ids]).exists()


def _move(quantities: Mapping[int, int], *, kind: str, key: str, now: datetime, actor: str = "") -> None:
    StockMove.objects.bulk_create(
        StockMove(variant_id=pk, kind=kind, quantity=quantity, key=f"{key}:{pk}", actor=actor, at=now)
        for pk, quantity in quantities.items()
    )
    change = by_key("variant_id", quantities, output_field=Stock._meta.get_field("available"))
    Stock.objects.filter(variant__any=list(quantities)).update(available=F("available") + change)
