"""What a bundle is made of, for a page to show and for a sale to take out of stock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _

from .models import BundleChoice, BundleSlot, Kind, Variant

# The name of the field in which a form tells what was picked for a slot.
FIELD = "slot-{}"


class InvalidChoice(Exception):
    """Something was picked that the bundle does not offer, or nothing where it has to be; the text is for people."""


def slots(bundle_id: int) -> list[BundleSlot]:
    """The slots of a bundle (the product's id) with their choices, in order. Two queries."""
    return list(BundleSlot.objects.filter(product=bundle_id).with_choices())


def picked(variant: Variant, form: Mapping[str, str]) -> dict[int, int]:
    """What a form says about each slot of the variant's bundle: variant by slot. Empty where it is no bundle.

    Fields that are missing or no numbers are left out; `components` says what is wrong then.
    """
    if variant.product.kind != Kind.BUNDLE:
        return {}
    answers = {slot.pk: form.get(FIELD.format(slot.pk), "") for slot in variant.product.slots.all()}
    return {slot: int(answer) for slot, answer in answers.items() if answer.isascii() and answer.isdecimal()}


def components(variant: Variant, choices: Mapping[int, int] | None = None) -> dict[int, int]:
    """The pieces (by variant) that one of `variant` takes out of stock: itself, or what is in the bundle.

    `choices` is the variant picked for each slot that has several; a slot with one choice needs none. Raises
    InvalidChoice for a pick that the slot does not offer, a pick that is missing, and a bundle with nothing in it.
    """
    if variant.product.kind != Kind.BUNDLE:
        return {variant.pk: 1}
    offered = slots(variant.product_id)
    pieces: Counter[int] = Counter()
    for slot in offered:
        pieces[_choice(slot, choices or {}).variant_id] += slot.quantity
    if not pieces or set(choices or {}) - {slot.pk for slot in offered}:
        raise InvalidChoice(_("This bundle has changed. Please look at it again."))
    return dict(pieces)


def left(offered: Collection[BundleSlot]) -> int | None:
    """How many of a bundle can be sold: the least that its slots allow, None where nothing in it is counted.

    A slot with several choices allows as many as the one of which most are left. A variant that is fixed in several
    slots has to suffice for all of them.
    """
    fixed: Counter[int] = Counter()
    for slot in offered:
        if slot.is_fixed:
            fixed[slot.choices_shown[0].variant_id] += slot.quantity
    limits = [_limit(slot, fixed) for slot in offered]
    counted = [limit for limit in limits if limit is not None]
    return min(counted, default=None)


def _choice(slot: BundleSlot, choices: Mapping[int, int]) -> BundleChoice:
    if slot.is_fixed and slot.pk not in choices:
        return slot.choices_shown[0]
    wanted = choices.get(slot.pk)
    found = next((choice for choice in slot.choices_shown if choice.variant_id == wanted), None)
    if found is None or not found.variant.is_active:
        raise InvalidChoice(_("Please choose for “%(slot)s”.") % {"slot": slot.name})
    return found


def _limit(slot: BundleSlot, fixed: Mapping[int, int]) -> int | None:
    """How often this slot can be filled; None without end."""
    needed = fixed if slot.is_fixed else {}
    times = []
    for variant in (choice.variant for choice in slot.choices_shown if choice.variant.is_active):
        if variant.left is None:
            return None
        times.append(variant.left // needed.get(variant.pk, slot.quantity))
    return max(times, default=0)
