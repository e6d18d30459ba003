"""Baskets and orders for tests, made by the real services on a rehearsed gateway."""

from datetime import datetime
from uuid import uuid4

from apps.accounts import addresses
from apps.accounts.models import User
from apps.billing import cards
from apps.billing.gateway.behaviours import Rule
from apps.billing.gateway.rehearsal import Rehearsal
from apps.catalog.models import Variant
from apps.orders import baskets, buying, quotes
from apps.orders.contents import Contents
from apps.orders.models import Basket, Order

HOME = {
    "name": "Anna Rossi",
    "company": "",
    "line1": "Via Roma 1",
    "line2": "",
    "postal_code": "80067",
    "city": "Sorrento",
    "region": "NA",
    "country": "IT",
}
BERLIN = {
    "name": "Bea Braun",
    "company": "",
    "line1": "Hafenstr. 1",
    "line2": "",
    "postal_code": "10115",
    "city": "Berlin",
    "region": "",
    "country": "DE",
}
TERMS = {"terms_version": "order-1", "terms_text": "I agree to order and pay."}


def basket(*wanted: tuple[Variant, int], now: datetime, customer: User | None = None) -> Basket:
    """A basket with so many of each variant, in euro."""
    made = baskets.open_for(customer=customer, token=None, now=now)
    for variant, quantity in wanted:
        baskets.add(made, variant.pk, quantity=quantity, currency="EUR", now=now)
    return made


def quote(
    of: Basket, *, customer: User | None, now: datetime, country: str = "IT", rate_id: int | None = None
) -> quotes.Quote:
    of.refresh_from_db()
    member = baskets.has_member_prices(of, customer=customer, now=now)
    contents = Contents.read(of, currency="EUR", member=member)
    return quotes.of(contents, customer=customer, country=country, rate_id=rate_id, now=now)


def begin(of: Basket, *, now: datetime, customer: User | None = None, address: dict = HOME, **changes) -> Order:
    """An order agreed to, before the card; a guest's without a customer."""
    shown = quote(of, customer=customer, country=address["country"], now=now)
    where = addresses.normalise(address) | {"phone": ""} if shown.contents.is_shipped else {}
    facts = {
        "once": uuid4(),
        "digest": shown.digest,
        "currency": "EUR",
        "country": address["country"],
        "email": "guest@example.com",
        "name": "Gea Guest",
        "address": where,
        **TERMS,
        **changes,
    }
    return buying.start(of.pk, buying.Checkout(**facts), customer=customer, now=now)


def pay(gateway: Rehearsal, order: Order, *, now: datetime, script: tuple[Rule, ...] = ()) -> Order:
    """Type a card in, and be charged."""
    started = cards.start_setup(order.customer, purpose="order", now=now)
    buying.attach_setup(order.token, user=order.customer, setup_id=started.id)
    gateway.save_card(started.id, script=script)
    return buying.complete(order.token, user=order.customer, setup_id=started.id, now=now)


def paid(gateway: Rehearsal, *wanted: tuple[Variant, int], now: datetime, customer: User | None = None, **how) -> Order:
    """A paid order; a guest's without a customer."""
    order = begin(basket(*wanted, now=now, customer=customer), customer=customer, now=now, **how)
    return pay(gateway, order, now=now)
