"""What goes into a box: one variant for each slot of its bundle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from apps.catalog.models import BundleSlot, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """`pieces` of a variant in a slot of one box. `instead_of` is the variant (its number) that was picked, where that
    cannot be had; `is_there` says whether enough of it are left for all boxes of the parcel."""

    slot: BundleSlot
    variant: Variant
    pieces: int
    instead_of: int | None = None
    is_there: bool = True


def fill(offered: Collection[BundleSlot], picks: Mapping[int, int], *, boxes: int) -> list[Content]:
    """So many boxes filled with what was picked, variant by slot; what was not picked, is not sold any more or is sold
    out gives way to the first choice of its slot that is there. A slot of which nothing is there keeps what was picked.
    A slot without choices adds nothing. The slots are those of `BundleSlot.objects.with_choices()`."""
    used: Counter[int] = Counter()
    contents = []
    for slot in offered:
        picked, needed = picks.get(slot.pk), slot.quantity * boxes
        in_order = sorted((choice.variant for choice in slot.choices_shown), key=lambda variant: variant.pk != picked)
        if not in_order:
            continue
        found = next((variant for variant in in_order if _has(variant, needed + used[variant.pk])), None)
        variant = found or in_order[0]
        used[variant.pk] += needed
        contents.append(
            Content(
                slot=slot,
                variant=variant,
                pieces=slot.quantity,
                instead_of=picked if picked not in (None, variant.pk) else None,
                is_there=found is not None,
            )
        )
    return contents


def pieces(contents: Iterable[Content]) -> dict[int, int]:
    """How many of each variant are in one box."""
    counted: Counter[int] = Counter()
    for content in contents:
        counted[content.variant.pk] += content.pieces
    return dict(counted)


def wanted(offered: Collection[BundleSlot], picks: Mapping[int, int]) -> dict[int, int]:
    """How many of each variant one box should hold, whether they are there or not: what was picked, as far as it is
    offered, else the first choice of each slot."""
    counted: Counter[int] = Counter()
    for slot in offered:
        choices = [choice.variant_id for choice in slot.choices_shown]
        if choices:
            picked = picks.get(slot.pk)
            counted[picked if picked in choices else choices[0]] += slot.quantity
    return dict(counted)


def _has(variant: Variant, needed: int) -> bool:
    return variant.is_active and (variant.left is None or variant.left >= needed)
