"""The boxes on sale, as the pages show them: what is in them, how often they come and what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from apps.accounts import addresses
from apps.accounts.models import User
from apps.catalog import bundles
from apps.catalog.models import BundleChoice, BundleSlot, Product
from apps.memberships.models import Plan, Price
from apps.orders.boxes import filling
from apps.orders.models import Box, BoxRecipient

from .forms import number


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedBox:
    """One box with its newest prices, the shortest rhythm first, and the slots of its bundle with their choices."""

    box: Box
    prices: Sequence[Price]
    slots: Sequence[BundleSlot]

    @property
    def plan(self) -> Plan:
        return self.box.plan

    @property
    def product(self) -> Product:
        """The bundle that is sent."""
        return self.box.product

    @property
    def href(self) -> str:
        return reverse("box", kwargs={"slug": self.plan.slug})

    @property
    def first_price(self) -> Price:
        """That of the shortest rhythm."""
        return self.prices[0]

    @property
    def is_sold_out(self) -> bool:
        """Whether nothing is left for one of its slots."""
        return any(all(choice.is_sold_out for choice in slot.choices_shown) for slot in self.slots)


def on_sale(*, currency: str, now: datetime, slug: str | None = None) -> list[OfferedBox]:
    """The boxes that can be subscribed to at `now` in a currency, or only the plan of that slug. Three queries,
    whatever their number; what has nothing in it or no price is left out."""
    boxes = Box.objects.select_related("plan", "product__cover").filter(plan__in=Plan.objects.on_sale())
    if slug is not None:
        boxes = boxes.filter(plan__slug=slug)
    rows = list(boxes.order_by("plan__position", "plan__rank"))
    if not rows:
        return []
    slots = bundles.slots_of({box.product_id for box in rows})
    newest: dict[int, dict[str, Price]] = {}
    paid = Price.objects.on_sale(now).filter(
        currency=currency, amount_minor__gt=0, plan__in=[box.plan_id for box in rows]
    )
    for price in paid.order_by("version"):
        newest.setdefault(price.plan_id, {})[price.rhythm.code] = price
    return [
        OfferedBox(box=box, prices=_in_order(newest[box.plan_id].values()), slots=slots[box.product_id])
        for box in rows
        if box.plan_id in newest and slots[box.product_id]
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is in the boxes of a plan and where they go, as the customer said before signing up."""

    box: Box
    contents: Sequence[filling.Content]
    address: Sequence[str]


def sent_of(customer: User, plan: Plan) -> Sent | None:
    """None for a plan without a box, or where nobody has said where it goes. Three queries."""
    box = Box.objects.filter(plan=plan).first()
    recipient = recipient_of(customer, plan.group)
    if box is None or recipient is None or not recipient.address:
        return None
    return Sent(
        box=box,
        contents=filling.fill(bundles.slots(box.product_id), recipient.picked, boxes=1),
        address=addresses.lines(recipient.address),
    )


def slots_of(plan: Plan) -> Sequence[BundleSlot]:
    """The slots of what a plan sends, with their choices; none for a plan without a box. Two queries."""
    box = Box.objects.filter(plan=plan).first()
    return bundles.slots(box.product_id) if box else []


def picked_of(offered: Sequence[BundleSlot], picks: dict[int, int]) -> set[int]:
    """The choices (by id) that were picked, for the fields of a form."""
    return {choice.pk for choice in _choices(offered) if picks.get(choice.slot_id) == choice.variant_id}


def read_picks(offered: Sequence[BundleSlot], form: Mapping[str, str]) -> dict[int, int]:
    """What a form says about each slot, variant by slot; fields that are missing or no numbers are left out."""
    answers = {slot.pk: number(form.get(bundles.FIELD.format(slot.pk), "")) for slot in offered}
    return {slot: variant for slot, variant in answers.items() if variant}


def recipient_of(customer: User, group: str) -> BoxRecipient | None:
    """Where the customer's boxes of a group go, and what is in them; None while nobody has said. One query."""
    return BoxRecipient.objects.filter(customer=customer, plan_group=group).first()


def _choices(offered: Sequence[BundleSlot]) -> list[BundleChoice]:
    return [choice for slot in offered for choice in slot.choices_shown]


def _in_order(prices: Iterable[Price]) -> list[Price]:
    return sorted(prices, key=lambda price: (price.interval.days_per_interval, price.term_periods or 0))
