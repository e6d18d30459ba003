"""What members' prices would save: on what is in a basket, and on the orders of the last months."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Count, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, JSONObject

from apps.accounts.models import User
from apps.core.money import Money
from apps.core.statements import Statement

from .models import Basket, BasketLine, Order, OrderLine, OrderStatus

# How far back orders say how somebody shops.
LOOKS_BACK = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """At the prices of this moment: what members would pay less for the basket, and for `orders` past orders together.

    `has_membership` says that a membership is in the basket.
    """

    in_basket: Money
    has_membership: bool = False
    orders: int = 0
    on_orders: Money


def none(currency: str) -> Savings:
    """Those of somebody of whom nothing is known."""
    return Savings(in_basket=Money(0, currency), on_orders=Money(0, currency))


def of_guest(token: str | None, *, currency: str) -> Savings:
    """Those of the basket that a session knows by its token. One query, none without a token."""
    if not token:
        return none(currency)
    found = Basket.objects.filter(token=token, customer=None).annotate(saved=_in_basket(currency))
    saved, price = found.values_list("saved", "price").first() or (0, None)
    return Savings(in_basket=Money(saved, currency), has_membership=price is not None, on_orders=Money(0, currency))


def of(customer: User, *, currency: str, now: datetime) -> Savings:
    """Those of a customer: their basket, and their orders since LOOKS_BACK of which anything was kept. Boxes do not
    count, they have prices of their own. One query."""
    found = _OF_CUSTOMER.first(customer=customer.pk, currency=currency, since=now - LOOKS_BACK)
    saved, price, past = found or (0, None, None)
    orders = json.loads(past) if past else {"orders": 0, "saved": 0}
    return Savings(
        in_basket=Money(int(saved or 0), currency),
        has_membership=price is not None,
        orders=orders["orders"],
        on_orders=Money(orders["saved"] or 0, currency),
    )


def _of_customer(customer: int, currency: str, since: datetime) -> QuerySet[User, Any]:
    basket = Basket.objects.filter(customer=OuterRef("pk"))
    return User.objects.filter(pk=customer).values_list(
        Subquery(basket.annotate(saved=_in_basket(currency)).values("saved")),
        Subquery(basket.values("price")),
        Subquery(_on_orders(customer, currency=currency, since=since)),
    )


_OF_CUSTOMER = Statement(_of_customer, customer=int, currency=str, since=datetime)


def _in_basket(currency: str) -> Coalesce:
    lines = BasketLine.objects.filter(basket=OuterRef("pk")).order_by().values("basket")
    saved = _priced(lines, currency).annotate(saved=Sum(F("quantity") * _SAVED)).values("saved")
    return Coalesce(Subquery(saved), Value(0), output_field=BigIntegerField())


def _on_orders(customer: int, *, currency: str, since: datetime) -> QuerySet[OrderLine, Any]:
    orders = Order.objects.of(customer).filter(kind=Order.Kind.SHOP, placed_at__gte=since)
    orders = orders.exclude(status=OrderStatus.CANCELLED).order_by()
    kept = OrderLine.objects.filter(order__in=orders.values("pk"), quantity__gt=F("refunded_quantity")).order_by()
    counted = JSONObject(
        orders=Count("order", distinct=True), saved=Sum((F("quantity") - F("refunded_quantity")) * _SAVED)
    )
    return (
        _priced(kept, currency)
        .annotate(everything=Value(1))
        .values("everything")
        .annotate(found=counted)
        .values("found")
    )


# What a member pays less for one piece: nothing where there is no price for members, or none in the currency.
_SAVED = Coalesce(F("today__amount_minor") - F("today__member_amount_minor"), Value(0), output_field=BigIntegerField())


def _priced(lines: QuerySet[Any, Any], currency: str) -> QuerySet[Any, Any]:
    return lines.annotate(today=FilteredRelation("variant__prices", condition=Q(variant__prices__currency=currency)))
