"""Ordering: what was agreed to at checkout, then the card, then one charge with the customer present.

    order = buying.start(basket_id, checkout, customer=user, now=now)               the checkout page
    buying.attach_setup(order.token, user=order.customer, setup_id=started.id)      the card page
    order = buying.complete(order.token, user=..., setup_id=..., now=now)           the return from it; repeatable
    order = buying.complete_with_card(order.token, user=..., card_id=..., now=now)  with a saved card instead

The order is PENDING until its invoice is paid. It is *placed* when the card is known: then, in one transaction, its
pieces leave the stock and its invoice is issued. A membership bought in the same checkout is an ordinary sign-up and is
charged first, by an invoice of its own; the goods are placed only when it has come about, since their prices may be
those of a member.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing import cards, collection, invoices, janitor
from apps.billing.drafts import Draft
from apps.billing.models import Card, Invoice, Payment, Profile
from apps.catalog import stock
from apps.memberships import signup as signups
from apps.memberships.errors import Refused
from apps.memberships.models import Signup, SignupStatus
from apps.promotions import services as promotions

from . import baskets, drafting, settling
from .errors import OrderClosed
from .models import Basket, Order, OrderStatus
from .starting import Checkout, start

__all__ = ["Checkout", "attach_setup", "complete", "complete_with_card", "payment_of", "resume", "start"]

# How orders are known among the invoices.
SCOPE = "order"


@transaction.atomic
def attach_setup(token: UUID | str, *, user: User, setup_id: str) -> Order:
    """Note the card set-up that belongs to an order; a page opened again brings another one. Raises OrderClosed."""
    order = _of(token, user, lock=True)
    if order.status != OrderStatus.PENDING or order.invoice_id is not None:
        raise OrderClosed(_("This order is finished."))
    order.setup_id = setup_id
    order.save(update_fields=["setup_id"])
    if order.signup is not None and order.signup.subscription_id is None:
        signups.attach_setup(order.signup.token, user=user, setup_id=setup_id)
    return order


def complete(token: UUID | str, *, user: User, setup_id: str, now: datetime) -> Order:
    """Charge the order once to the card of a finished set-up. Repeating it never charges twice.

    The card that is charged for a membership stays the one that is, unless a membership was bought here. Talks to the
    gateway: never call it inside a transaction. Raises OrderClosed for an order that is not theirs, and billing's
    SetupRefused; nothing is charged then. What is sold out meanwhile cancels the order, and nothing is charged.
    """
    order = _of(token, user)
    if order.status != OrderStatus.PENDING or order.invoice_id is not None:
        return resume(token, user=user, now=now)
    if order.setup_id != setup_id:
        raise cards.SetupRefused("foreign")
    profile = Profile.objects.of(user)
    known = profile.default_card if profile else None
    card = cards.complete_setup(user, setup_id, now=now)
    if order.signup is None and known is not None and known.pk != card.pk:
        with suppress(Card.DoesNotExist):  # removed at this moment: then the new one is all there is
            cards.make_default(user, known.pk)
    return _go_on(order, card, now=now)


def complete_with_card(token: UUID | str, *, user: User, card_id: int, now: datetime) -> Order:
    """Like `complete`, with a card that the customer has saved before. Raises Card.DoesNotExist for one that was
    removed or is not theirs."""
    order = _of(token, user)
    if order.status != OrderStatus.PENDING or order.invoice_id is not None:
        return resume(token, user=user, now=now)
    return _go_on(order, Card.objects.of(user).get(pk=card_id), now=now)


def resume(token: UUID | str, *, user: User, now: datetime) -> Order:
    """Go on with what waits: charge it if nobody has, or ask what became of it. Repeatable. Talks to the gateway."""
    order = _of(token, user)
    if order.status != OrderStatus.PENDING:
        return order
    if order.invoice is None:
        begun = order.signup
        if begun is None or begun.subscription_id is None:
            return order
        begun = signups.resume(begun.token, user=user, now=now)
        return _after_signup(order, begun, _card_of(begun), now=now)
    payment = payment_of(order)
    assert payment is not None, "an invoice that is not paid is being paid"
    if payment.status == Payment.Status.PENDING:
        collection.collect_now(payment.pk, now=now)
    elif payment.is_open:
        payment = janitor.check(payment.pk, now=now)
    if payment.status == Payment.Status.CANCELLED:
        settling.abandon(order.pk, problem=_("The payment was not made."), now=now)
    return _of(token, user)


def payment_of(order: Order) -> Payment | None:
    """The payment the order waits for: that of its membership first, then that of the goods; None before the card, or
    when credit paid it all."""
    if order.invoice is not None:
        return order.invoice.payments.order_by("-attempt").first()
    return signups.payment_of(order.signup) if order.signup is not None else None


def _go_on(order: Order, card: Card, *, now: datetime) -> Order:
    """With a card: the membership first, if there is one, then the goods."""
    if order.signup is None:
        return _place_and_charge(order, card, now=now)
    try:
        if not stock.is_there(drafting.quantities(order)):
            raise stock.OutOfStock([])
        begun = signups.complete_with_card(order.signup.token, user=order.customer, card_id=card.pk, now=now)
    except stock.OutOfStock as shortage:
        return settling.abandon(order.pk, problem=str(shortage), now=now)
    except Refused as refusal:
        return settling.abandon(order.pk, problem=str(refusal), now=now)
    return _after_signup(order, begun, card, now=now)


def _after_signup(order: Order, begun: Signup, card: Card | None, *, now: datetime) -> Order:
    """The goods, once the membership has come about; none of them when it has come to nothing."""
    match begun.status:
        case SignupStatus.COMPLETED if card is not None:
            return _place_and_charge(order, card, now=now)
        case SignupStatus.OPEN:
            return _of(order.token, order.customer)
        case _:
            problem = begun.message or _("The payment was not made.")
            return settling.abandon(order.pk, problem=problem, now=now)


def _place_and_charge(order: Order, card: Card, *, now: datetime) -> Order:
    try:
        _place(order.pk, card, now=now)
    except (stock.OutOfStock, promotions.NotRedeemable) as refusal:
        return settling.abandon(order.pk, problem=str(refusal), now=now)
    return resume(order.token, user=order.customer, now=now)


@transaction.atomic
def _place(order_id: int, card: Card, *, now: datetime) -> None:
    """The pieces leave the stock, and the invoice with its pending payment is issued: all or nothing."""
    settling.lock_basket_of(order_id)
    order = Order.objects.select_for_update(of=("self",)).select_related("customer", "promotion").get(pk=order_id)
    if order.invoice_id is not None or order.status != OrderStatus.PENDING:
        return
    stock.take(drafting.quantities(order), key=f"order:{order.pk}", now=now)
    if order.promotion is not None:
        key = settling.redemption_key(order)
        promotions.redeem(order.promotion.pk, customer=order.customer, key=key, now=now)
    draft = Draft(
        customer=order.customer,
        key=f"order:{order.token}",
        currency=order.currency,
        reason="order",
        lines=drafting.lines(order),
        taxation=drafting.taxation(order),
        card_id=card.pk,
        on_session=True,
        collect_at=now,
        scope=SCOPE,
        country=order.country,
    )
    [invoice] = invoices.issue([draft], now=now)
    order.invoice = invoice
    order.placed_at = now
    order.save(update_fields=["invoice", "placed_at"])
    basket = Basket.objects.filter(orders=order).first()
    if basket is not None:
        baskets.empty(basket, drafting.goods(order), now=now)
    if invoice.status == Invoice.Status.PAID:
        # Credit paid it all. The signal went out before the order could be found by its invoice.
        settling.paid([invoice.pk], now=now)


def _card_of(begun: Signup) -> Card | None:
    """The card that the membership is charged to."""
    profile = Profile.objects.of(begun.customer)
    return profile.default_card if profile else None


def _of(token: UUID | str, user: User, *, lock: bool = False) -> Order:
    rows = Order.objects.select_related("customer", "invoice", "signup__customer", "signup__price__plan", "promotion")
    if lock:
        rows = rows.select_for_update(of=("self",))
    order = rows.filter(token=token, customer=user).first()
    if order is None:
        raise OrderClosed(_("There is no such order."))
    return order
