"""The basket of whoever is looking, and what the session remembers of it."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from apps.accounts.models import User
from apps.orders import baskets
from apps.orders import savings as members_savings
from apps.orders.contents import Contents
from apps.orders.models import Basket
from apps.orders.savings import Savings

from . import currency


def customer_of(request: HttpRequest) -> User | None:
    """Who is signed in; None for everybody else."""
    return request.user if isinstance(request.user, User) else None


def found(request: HttpRequest) -> Basket | None:
    """The visitor's basket; None when there is none. At most one query."""
    kept = request.session.get(baskets.SESSION_KEY) or {}
    return baskets.find(customer=customer_of(request), token=kept.get("token"))


def opened(request: HttpRequest, *, now: datetime) -> Basket:
    """The visitor's basket, made when there is none."""
    kept = request.session.get(baskets.SESSION_KEY) or {}
    return baskets.open_for(customer=customer_of(request), token=kept.get("token"), now=now)


def remember(request: HttpRequest, basket: Basket | None, *, count: int) -> None:
    """Keep the token and the count, so that no other page has to ask for them."""
    if basket is None:
        request.session.pop(baskets.SESSION_KEY, None)
        return
    kept = {"token": str(basket.token), "count": count} if basket.customer_id is None else {"count": count}
    if request.session.get(baskets.SESSION_KEY) != kept:
        request.session[baskets.SESSION_KEY] = kept


def currency_of(request: HttpRequest, basket: Basket | None) -> str:
    """That of the membership in the basket, which decides for all of it; else the visitor's."""
    return basket.price.currency if basket is not None and basket.price is not None else currency.of(request)


def contents(request: HttpRequest, basket: Basket | None, *, now: datetime) -> Contents:
    """What is in the basket, at this visitor's prices of this moment."""
    member = baskets.has_member_prices(basket, customer=customer_of(request), now=now)
    return Contents.read(basket, currency=currency_of(request, basket), member=member)


def savings(request: HttpRequest, *, currency: str, now: datetime) -> Savings:
    """What members' prices would save the visitor on their basket and on their orders. At most one query."""
    customer = customer_of(request)
    if customer is not None:
        return members_savings.of(customer, currency=currency, now=now)
    kept = request.session.get(baskets.SESSION_KEY) or {}
    return members_savings.of_guest(kept.get("token"), currency=currency)
