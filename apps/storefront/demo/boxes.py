"""Who in the demo gets a box each month, what they do with it, and the staff who pack it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from apps.accounts import addresses
from apps.accounts.models import User
from apps.billing import cards
from apps.billing.models import Card
from apps.catalog import bundles
from apps.catalog.models import BundleSlot
from apps.memberships import quotes, services, signup
from apps.memberships.demo import BOX_GROUP
from apps.memberships.errors import Refused
from apps.memberships.models import Plan, Price, Subscription
from apps.memberships.models.intervals import rhythm_of
from apps.orders import fulfilling
from apps.orders.boxes import joining, planning
from apps.orders.errors import OrderRefused
from apps.orders.models import Box, Order, OrderStatus

from .. import terms
from .deeds import GOOD_CARD
from .people import CUSTOMER, STAFF, Person

if TYPE_CHECKING:
    from .history import History

type Deed = Callable[[Person, History], None]

# One in so many people gets one, some weeks after joining.
ONE_IN = 14
# Staff pack the boxes on one day of the week; what they sent the week before has arrived.
PACKED_EVERY = 7
HOMES = {
    "IT": {"line1": "Via dei Giardini 7", "postal_code": "80067", "city": "Sorrento", "region": "NA"},
    "FR": {"line1": "12 quai Bonaparte", "postal_code": "06500", "city": "Menton"},
    "RO": {"line1": "Strada Florilor 9", "postal_code": "500001", "city": "Brașov", "region": "BV"},
    "DE": {"line1": "Gartenstr. 21", "postal_code": "20095", "city": "Hamburg"},
    "IE": {"line1": "4 Orchard Lane", "postal_code": "D06 X4P1", "city": "Dublin", "region": "Co. Dublin"},
    "US": {"line1": "77 Grove Street", "postal_code": "10014", "city": "New York", "region": "NY"},
}


@dataclass(frozen=True)
class Wish:
    """What somebody wants of a box. Days count from the start of the history."""

    plan: str
    interval: str
    begins_on: int
    skips_on: int | None = None
    swaps_on: int | None = None
    moves_on: int | None = None
    stops_on: int | None = None


# The demo's customer has had two boxes, and has chosen what is in the next. With more of them, an offer that her points
# bring would have come and gone before anybody sees the demo.
_CLARA = Wish(plan="small-seasonal-box", interval="month", begins_on=320, swaps_on=357)


def wishes(people: Iterable[Person], *, days: int) -> dict[str, Wish]:
    """Who wants a box, by e-mail address; the same ones each time. Only cards that are good pay for them, so that what
    the others do stays as it is."""
    dice = random.Random(43)  # noqa: S311 - a story, not a secret
    found = {}
    for person in people:
        throw = _throw(dice, person)
        if person.email == CUSTOMER:
            found[person.email] = _CLARA
        elif throw is not None and person.card == "ok" and throw.begins_on < days:
            found[person.email] = throw
    return found


def deeds(people: Iterable[Person], *, days: int) -> Iterator[tuple[int, float, Deed, Person]]:
    """What they set out to do: the day, the hour, the deed, and whose it is."""
    people = list(people)
    wanted = wishes(people, days=days)
    for person in people:
        wish = wanted.get(person.email)
        if wish is None:
            continue
        planned = (
            (wish.begins_on, subscribing(wish)),
            (wish.skips_on, skip),
            (wish.swaps_on, swap),
            (wish.moves_on, move),
            (wish.stops_on, stop),
        )
        yield from ((day, 12.5, deed, person) for day, deed in planned if day is not None and day < days)


def skip(person: Person, history: History) -> None:
    """Leave the next box out."""
    _plan(person, history, lambda held, who: planning.skip(held.pk, **who))


def move(person: Person, history: History) -> None:
    """Let the next box come nine days later."""

    def later(held: Subscription, who: dict) -> None:
        if held.current_end is not None:
            planning.move(held.pk, day=(held.current_end + timedelta(days=9)).date(), **who)

    _plan(person, history, later)


def swap(person: Person, history: History) -> None:
    """Put the last of all choices into the next box."""

    def other(held: Subscription, who: dict) -> None:
        slots = bundles.slots(Box.objects.get(plan=held.plan).product_id)
        planning.swap(held.pk, choices=_picks(slots, -1), for_all=False, **who)

    _plan(person, history, other)


def stop(person: Person, history: History) -> None:
    """Cancel the boxes."""
    _plan(person, history, lambda held, who: services.request_cancel(held.pk, reason="not_using", **who))


def pack(history: History) -> None:
    """Staff pack and send what is paid, and what left the week before has arrived."""
    sent = Order.objects.filter(kind=Order.Kind.BOX, status=OrderStatus.SHIPPED).order_by("pk")
    for order_id in list(sent.values_list("pk", flat=True)):
        fulfilling.deliver(order_id, actor=STAFF, now=history.moment)
    paid = Order.objects.to_pack().filter(kind=Order.Kind.BOX)
    for order_id in list(paid.values_list("pk", flat=True)):
        fulfilling.pack(order_id, actor=STAFF, now=history.moment)
        number = f"CS{order_id:08d}"
        fulfilling.ship(order_id, carrier="Corriere Sole", tracking_number=number, actor=STAFF, now=history.moment)


def _throw(dice: random.Random, person: Person) -> Wish | None:
    """A throw of the dice for each person, whether they get a box or not."""
    wants, small, monthly = dice.random() * ONE_IN < 1, dice.random() < 0.6, dice.random() < 0.85
    begins_on = person.joins_on + dice.randint(5, 150)
    fate, later = dice.random(), begins_on + dice.randint(35, 120)
    if not wants:
        return None
    return Wish(
        plan="small-seasonal-box" if small else "large-seasonal-box",
        interval="month" if monthly else "3-month",
        begins_on=begins_on,
        skips_on=later if fate < 0.2 else None,
        swaps_on=later if 0.2 <= fate < 0.4 else None,
        moves_on=later if 0.4 <= fate < 0.6 else None,
        stops_on=later if 0.6 <= fate < 0.8 else None,
    )


def subscribing(wish: Wish) -> Deed:
    """Say what is in it and where it goes, agree and pay, with the card of the membership if there is one."""

    def subscribe(person: Person, history: History) -> None:
        user, now = User.objects.get(email=person.email), history.moment
        plan = Plan.objects.get(slug=wish.plan)
        interval = rhythm_of(wish.interval).interval
        price = Price.objects.offered(plan, currency=user.currency, unit=interval.unit, count=interval.count, now=now)
        if price is None:
            return
        slots = bundles.slots(Box.objects.get(plan=plan).product_id)
        address = addresses.normalise(HOMES[user.country] | {"country": user.country, "name": user.name})
        joining.prepare(user, plan, address=address | {"phone": ""}, choices=_picks(slots, 0), now=now)
        charge = quotes.first_charge(price, customer=user, now=now)
        term = terms.subscription(charge, zone=user.time_zone)
        begun = signup.start(user, price.pk, terms_version=term.version, terms_text=term.text, now=now)
        card = Card.objects.of(user).first()
        if card is not None:
            signup.complete_with_card(begun.token, user=user, card_id=card.pk, now=now)
            return
        setup = cards.start_setup(user, purpose="membership", now=now)
        signup.attach_setup(begun.token, user=user, setup_id=setup.id)
        history.rehearsal.save_card(setup.id, number=GOOD_CARD, script=(), fingerprint=f"demo{user.pk}")
        signup.complete(begun.token, user=user, setup_id=setup.id, now=now)

    return subscribe


def _plan(person: Person, history: History, act: Callable[[Subscription, dict], object]) -> None:
    """Do something about the box, if there is one and it can still be done."""
    user = User.objects.get(email=person.email)
    held = Subscription.objects.current_of(user, group=BOX_GROUP)
    if held is None:
        return
    try:
        act(held, {"customer": user, "now": history.moment})
    except (Refused, OrderRefused):
        return


def _picks(slots: Iterable[BundleSlot], place: int) -> dict[int, int]:
    """The choice at a place of each slot."""
    return {slot.pk: slot.choices_shown[place].variant_id for slot in slots}
