"""What people of the demo order. Its customer: a tree that has come, a pot on its way, and soil to be packed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid5

from django.db.models import QuerySet

from apps.accounts import addresses
from apps.accounts.models import User
from apps.billing.models import Card
from apps.catalog.models import ProductPrice
from apps.orders import baskets, buying, fulfilling, quotes
from apps.orders.contents import Contents
from apps.orders.models import Order, OrderStatus

from .. import terms
from .boxes import HOMES
from .people import STAFF, Person

if TYPE_CHECKING:
    from .history import History


def order(person: Person, history: History) -> None:
    """Order the next thing from the shelves, paid with the card of the membership."""
    user = User.objects.get(email=person.email)
    _order(user, _next_thing(user), now=history.moment)


def order_thing(person: Person, history: History, *, product: str) -> None:
    """Order the first size of a product (its slug), paid with the card of the membership."""
    user = User.objects.get(email=person.email)
    _order(user, _on_sale(user).filter(product__slug=product).first(), now=history.moment)


def _order(user: User, price: ProductPrice | None, *, now: datetime) -> None:
    """One piece at the price, if there is one and a card to pay it with, to the home of the customer's country."""
    card = Card.objects.of(user).first()
    if card is None or price is None:
        return
    basket = baskets.open_for(customer=user, token=None, now=now)
    baskets.add(basket, price.variant_id, quantity=1, currency=price.currency, now=now)
    member = baskets.has_member_prices(basket, customer=user, now=now)
    contents = Contents.read(basket, currency=price.currency, member=member)
    quote = quotes.of(contents, customer=user, country=user.country, rate_id=None, now=now)
    term = terms.order(quote.total)
    home = HOMES[user.country] | {"country": user.country, "name": user.name}
    checkout = buying.Checkout(
        once=uuid5(basket.token, now.isoformat()),
        digest=quote.digest,
        currency=quote.currency,
        country=quote.country,
        email=user.email,
        name=user.name,
        terms_version=term.version,
        terms_text=term.text,
        address=addresses.normalise(home) | {"phone": ""},
        rate_id=quote.way.pk if quote.way else None,
    )
    begun = buying.start(basket.pk, checkout, customer=user, now=now)
    buying.complete_with_card(begun.token, user=user, card_id=card.pk, now=now)


def send(person: Person, history: History) -> None:
    """Staff pack what is paid, and hand it to the carrier."""
    now = history.moment
    for waiting in Order.objects.filter(customer__email=person.email, status=OrderStatus.PAID):
        number = f"CS{waiting.pk:08d}"
        fulfilling.pack(waiting.pk, actor=STAFF, now=now)
        fulfilling.ship(waiting.pk, carrier="Corriere Sole", tracking_number=number, actor=STAFF, now=now)


def arrive(person: Person, history: History) -> None:
    """What is on its way arrives."""
    for sent in Order.objects.filter(customer__email=person.email, status=OrderStatus.SHIPPED):
        fulfilling.deliver(sent.pk, actor=STAFF, now=history.moment)


def _next_thing(user: User) -> ProductPrice | None:
    """The first thing in the shop that was not ordered yet."""
    had = Order.objects.filter(customer=user).values("lines__variant")
    return _on_sale(user).exclude(variant__in=had).first()


def _on_sale(user: User) -> QuerySet[ProductPrice]:
    """What comes in a parcel and is there, in the customer's currency."""
    prices = ProductPrice.objects.filter(
        currency=user.currency, product__kind="physical", product__status="published", variant__stock__available__gt=0
    )
    return prices.order_by("product__position", "variant__position")


# How many days before the end of the story.
DEEDS = [(24, order), (22, send), (18, arrive), (9, order), (7, send), (1, order)]
