"""What a bundle is made of, for a page to show and for a sale to take out of stock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from django.utils.translation import gettext as _

from .models import BundleChoice, BundleSlot, Kind, ProductQuerySet, Variant
from .models.bundles import lacks_pieces

# The name of the field in which a form tells what was picked for a slot.
FIELD = "slot-{}"


class InvalidChoice(Exception):
    """Something was picked that the bundle does not offer, or nothing where it has to be; the text is for people."""


def slots(bundle_id: int) -> list[BundleSlot]:
    """The slots of a bundle (the product's id) with their choices, in order. One query."""
    return list(BundleSlot.objects.filter(product=bundle_id).with_choices())


def slots_of(bundle_ids: Collection[int]) -> dict[int, list[BundleSlot]]:
    """The slots of many bundles with their choices, by bundle. One query, none where there is no bundle."""
    found: dict[int, list[BundleSlot]] = {pk: [] for pk in bundle_ids}
    if found:
        for slot in BundleSlot.objects.filter(product__in=found).with_choices():
            found[slot.product_id].append(slot)
    return found


def in_stock(goods: ProductQuerySet) -> ProductQuerySet:
    """Of these products what is there: a variant of it is left or not counted; of a bundle, something for each slot."""
    return goods.in_stock().exclude(lacks_pieces())


def picked(variant: Variant, form: Mapping[str, str]) -> dict[int, int]:
    """What a form says about each slot of the variant's bundle: variant by slot. Empty where it is no bundle.

    Fields that are missing or no numbers are left out; `components` says what is wrong then.
    """
    if variant.product.kind != Kind.BUNDLE:
        return {}
    answers = {slot.pk: form.get(FIELD.format(slot.pk), "") for slot in variant.product.slots.all()}
    return {slot: int(answer) for slot, answer in answers.items() if _is_number(answer)}


def fill(offered: Collection[BundleSlot], choices: Mapping[int, int]) -> list[BundleChoice]:
    """What is in one of a bundle with these slots, slot by slot. `choices` is the variant picked for each slot that has
    several; a slot with one choice needs none.

    Raises InvalidChoice for a pick that the slot does not offer, a pick that is missing, a piece that is not sold any
    more, and a bundle with nothing in it.
    """
    if not offered or set(choices) - {slot.pk for slot in offered}:
        raise InvalidChoice(_("This bundle has changed. Please look at it again."))
    return [_choice(slot, choices) for slot in offered]


def kept(filled: Iterable[BundleChoice]) -> dict[str, int]:
    """What was picked, as a row keeps it: the variant by slot, of the slots with several choices."""
    return {str(choice.slot_id): choice.variant_id for choice in filled if not choice.slot.is_fixed}


def pieces(filled: Iterable[BundleChoice]) -> dict[int, int]:
    """How many of each variant one of the bundle takes out of stock."""
    counted: Counter[int] = Counter()
    for choice in filled:
        counted[choice.variant_id] += choice.slot.quantity
    return dict(counted)


def components(variant: Variant, choices: Mapping[int, int] | None = None) -> dict[int, int]:
    """The pieces (by variant) that one of `variant` takes out of stock: itself, or what is in the bundle. Raises
    InvalidChoice, as `fill` does."""
    if variant.product.kind != Kind.BUNDLE:
        return {variant.pk: 1}
    return pieces(fill(slots(variant.product_id), choices or {}))


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
    is_open = not slot.is_fixed or slot.pk in choices
    wanted = choices.get(slot.pk) if is_open else slot.choices_shown[0].variant_id
    found = next((choice for choice in slot.choices_shown if choice.variant_id == wanted), None)
    if found is None or not found.variant.is_active:
        text = _("Please choose for “%(slot)s”.") if is_open else _("“%(slot)s” cannot be had at the moment.")
        raise InvalidChoice(text % {"slot": slot.name_i18n})
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


def _is_number(text: str) -> bool:
    """Whether it can be the number of a row."""
    return text.isascii() and text.isdecimal() and len(text) < 19
