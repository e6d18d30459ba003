"""Who in the demo buys something, what they say of it, and the staff who read and answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps.accounts.models import User
from apps.catalog import lifecycle, reviews
from apps.catalog.models import Product, ReviewAnswer

from . import boxes, shopping
from .boxes import Deed
from .people import CUSTOMER, STAFF, Person

if TYPE_CHECKING:
    from .history import History

# The first of them orders so many days before the end of the story, and each of the others a little later.
_BEGINS, _APART = 62, 6
_SENT, _ARRIVES, _SAYS = 2, 5, 12
# So long after they asked for it somebody has had a box.
_HAS_HAD_A_BOX = 40


@dataclass(frozen=True)
class Word:
    """What somebody says of a product, and what the shop answers. What is not `is_read` still waits for staff."""

    product: str
    stars: int
    title: str
    text: str
    answer: str = ""
    is_read: bool = True


GOODS = (
    Word(
        "lemon-femminello", 5, "Better than the photograph",
        "It came upright, wrapped like a present, and with fruit on it. Two weeks on the balcony and it flowers again.",
    ),
    Word(
        "lemon-femminello", 3, "Lovely tree, two broken twigs",
        "The tree itself is healthy and full. Two small branches were broken when I opened the parcel.",
        answer="Thank you for telling us. Twigs should not break on the way, and we have changed how we tie the "
        "crown. Cut them back to the next bud: it will branch there in spring.",
    ),
    Word(
        "orange-tarocco", 5, "Finalmente un tarocco vero",
        "Lo cercavo da anni. Chioma piena, innesto pulito, e le foglie profumano appena le tocchi.",
    ),
    Word(
        "secateurs", 5, "Sharp and light",
        "They cut through two centimetres without crushing. I keep them in my coat now.",
    ),
    Word(
        "lemon-femminello", 4, "Un citronnier qui tient ses promesses",
        "Arrivé en trois jours, bien emballé. Une étoile de moins parce que le pot est plus lourd que je ne pensais.",
    ),
    Word(
        "orange-tarocco", 4, "Patience is rewarded",
        "It dropped a few leaves in the first week, as the guide said it would. Now there are new shoots everywhere.",
    ),
    Word(
        "lemon-femminello", 5, "My third from here",
        "The first two live with my mother and my sister. This one stays with me.",
        is_read=False,
    ),
)  # fmt: skip
BOXES = (
    Word(
        "small-seasonal-box", 5, "The nicest parcel of the month",
        "Whatever is in season, and always a card that says who grew it. I swapped the fruit once, in a minute.",
    ),
    Word(
        "small-seasonal-box", 4, "Easy to leave one out",
        "We were away for a month and skipped that one. The next came by itself, and nobody had to be called.",
    ),
)  # fmt: skip


def deeds(people: Iterable[Person], *, days: int) -> Iterator[tuple[int, float, Deed, Person]]:
    """What they set out to do: the day, the hour, the deed, and whose it is."""
    people = list(people)
    wanted = boxes.wishes(people, days=days)
    buyers = [person for person in people if person.email not in wanted and can_buy(person, days=days)]
    for number, (person, word) in enumerate(zip(buyers, GOODS, strict=False)):
        ordered = days - _BEGINS + _APART * number
        yield ordered, 13.0, buying(word), person
        yield ordered + _SENT, 13.0, shopping.send, person
        yield ordered + _ARRIVES, 13.0, shopping.arrive, person
        yield ordered + _SAYS, 13.0, saying(word), person
    had = [(person, wanted[person.email]) for person in people if person.email in wanted and person.email != CUSTOMER]
    small = [(person, wish) for person, wish in had if wish.plan == BOXES[0].product]
    for (person, wish), word in zip(small, BOXES, strict=False):
        yield wish.begins_on + _HAS_HAD_A_BOX, 13.0, saying(word), person


def buying(word: Word) -> Deed:
    """Order the product, paid with the card of the membership."""

    def buy(person: Person, history: History) -> None:
        shopping.order_thing(person, history, product=word.product)

    return buy


def saying(word: Word) -> Deed:
    """Write the review, which staff read the same day. Whoever did not get the product says nothing."""

    def say(person: Person, history: History) -> None:
        user, now = User.objects.get(email=person.email), history.moment
        product = Product.objects.get(slug=word.product)
        if not reviews.may_review(product, user):
            return
        review = reviews.submit(product, customer=user, rating=word.stars, title=word.title, text=word.text, now=now)
        if word.is_read:
            lifecycle.publish(review.pk, actor=STAFF, now=now)
        if word.answer:
            ReviewAnswer.objects.create(review=review, text=word.answer, author=STAFF, created_at=now)

    return say


def can_buy(person: Person, *, days: int) -> bool:
    """Whether somebody pays for a membership, with a card that is good, before the first of them orders."""
    stays = person.cancels_on is None or person.regrets
    pays = person.plan != "seedling" and person.card == "ok" and person.currency == "EUR"
    return pays and stays and person.email != CUSTOMER and person.joins_on < days - _BEGINS
