"""What happens to an order when billing says how its invoice went, or when it was left half-way. All can be repeated.

Locks are taken in one order: invoice, basket, order, stock.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing import cards, invoices
from apps.billing.gateway import GatewayError, GatewayRefused
from apps.billing.models import Card, Invoice, Payment
from apps.catalog import stock
from apps.memberships.models import SignupStatus
from apps.promotions import services as promotions

from . import baskets, drafting, emails, lifecycle, rewards
from .models import Basket, Order, OrderStatus

log = logging.getLogger(__name__)

# How long an order that nobody pays for keeps its pieces from others.
LASTS = timedelta(hours=1)


def paid(invoice_ids: Sequence[int], *, now: datetime) -> None:
    """The orders among them are paid: the customer is told, and has the points of a member."""
    orders = Order.objects.select_for_update(of=("self",)).select_related("customer", "invoice").order_by("pk")
    for order in orders.filter(invoice__in=invoice_ids, status=OrderStatus.PENDING):
        lifecycle.pay(order, now=now)
        emails.confirmed(order, now=now)
        rewards.earn(order, now=now)


def failed(invoice_id: int, payment_id: int, *, now: datetime) -> None:
    """A payment was refused: the order comes to nothing. One that waits for the customer's bank leaves it waiting."""
    payment = Payment.objects.get(pk=payment_id)
    order = Order.objects.filter(invoice=invoice_id).first()
    if order is not None and payment.status != Payment.Status.NEEDS_ACTION:
        abandon(order.pk, problem=payment.message or _("Your card was declined."), now=now)


def voided(invoice_id: int, *, now: datetime) -> None:
    """The invoice was withdrawn: the order comes to nothing."""
    order = Order.objects.filter(invoice=invoice_id).first()
    if order is not None:
        abandon(order.pk, problem=_("The invoice was withdrawn."), now=now)


@transaction.atomic
def abandon(order_id: int, *, problem: str, now: datetime) -> Order:
    """Close an order that was not paid: its pieces are for sale again and back in the basket, its invoice is withdrawn.

    A payment that succeeds later is sent back by billing, which finds the invoice withdrawn.
    """
    list(Invoice.objects.filter(order=order_id).select_for_update().values_list("pk"))
    lock_basket_of(order_id)
    order = _lock(order_id)
    if order.status != OrderStatus.PENDING:
        return order
    lifecycle.cancel(order, reason="not paid", problem=problem, now=now)
    if order.invoice is not None:
        give_back_all(order, now=now)
        if order.basket_id is not None:
            price = order.signup.price if order.signup is not None and not _has_joined(order) else None
            wanted = drafting.goods(order)
            baskets.refill(order.basket_id, wanted, currency=order.currency, price=price, now=now)
        if order.invoice.status == Invoice.Status.OPEN:
            invoices.void(order.invoice.pk, reason=problem, now=now)
    elif _has_joined(order):
        _take_membership_out(order, now=now)
    return order


def give_back_all(order: Order, *, now: datetime, actor: str = "") -> None:
    """The pieces that were not given back yet return to the shelf, and the code can be used again."""
    left = drafting.left(order)
    if left:
        stock.give_back(left, key=f"order-cancelled:{order.pk}", now=now, actor=actor)
    promotions.release(redemption_key(order), now=now)


def abandon_due(*, now: datetime) -> int:
    """Close the orders that nobody has paid for within LASTS; returns how many. One whose payment may still go through
    is left until its outcome is known."""
    done = 0
    for order_id in list(Order.objects.left_before(now - LASTS).values_list("pk", flat=True)):
        try:
            abandon(order_id, problem=_("The payment was not made in time."), now=now)
            done += 1
        except Exception:
            log.exception("Order %s could not be closed", order_id)
    return done


def forget_cards(*, now: datetime) -> int:
    """Forget the cards of guests whose orders wait for nothing any more; returns how many. Talks to the gateway."""
    done = 0
    for card in list(guest_cards().select_related("profile__user")[:200]):
        try:
            cards.detach(card.profile.user, card.pk, now=now)
            done += 1
        except GatewayRefused:
            # The gateway has forgotten it already.
            cards.mark_detached(card.gateway_id, now=now)
        except (GatewayError, Card.DoesNotExist) as problem:
            log.warning("Card %s of a guest could not be forgotten: %s", card.pk, problem)
    return done


def guest_cards():
    """The cards of guests that nobody needs any more."""
    waiting = Order.objects.filter(status=OrderStatus.PENDING).values("customer")
    return Card.objects.usable().filter(profile__user__is_guest=True).exclude(profile__user__in=waiting).order_by("pk")


def redemption_key(order: Order) -> str:
    """The key under which the order has used its code."""
    return f"order:{order.pk}"


def lock_basket_of(order_id: int) -> None:
    """Lock the basket of an order before the order itself, as every checkout does."""
    list(Basket.objects.filter(orders=order_id).select_for_update().values_list("pk"))


def _lock(order_id: int) -> Order:
    rows = Order.objects.select_for_update(of=("self",))
    return rows.select_related("customer", "invoice", "signup__price", "promotion").get(pk=order_id)


def _has_joined(order: Order) -> bool:
    """Whether the membership of the same checkout has come about."""
    return order.signup is not None and order.signup.status == SignupStatus.COMPLETED


def _take_membership_out(order: Order, *, now: datetime) -> None:
    """The membership was bought, the goods were not: they stay in the basket without it."""
    basket = Basket.objects.filter(orders=order).first()
    if basket is not None and order.signup is not None and basket.price_id == order.signup.price_id:
        baskets.set_membership(basket, None, now=now)
