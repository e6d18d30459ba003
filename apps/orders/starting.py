"""The first step of ordering: what was on the checkout page, and was agreed to, becomes a PENDING order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts import address_book
from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.memberships import signup as signups
from apps.memberships.models import Signup

from . import baskets, drafting, lifecycle, parts, quotes
from .contents import Contents
from .errors import BasketChanged, NothingToBuy
from .models import Basket, Order, OrderLine, OrderPiece, OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What the checkout page said and was told. `digest` is of the quote on the screen, `once` the form's own mark.

    `address` is empty where nothing is sent; otherwise as `accounts.addresses.normalise` returns it. `country` is where
    the order is taxed. `email` and `name` matter for a guest only. `plan_terms` are the words of the membership in the
    basket.
    """

    once: UUID
    digest: str
    currency: str
    country: str
    email: str
    name: str
    terms_version: str
    terms_text: str
    address: Mapping[str, str] = field(default_factory=dict)
    rate_id: int | None = None
    plan_terms: tuple[str, str] | None = None
    locale: str = "en"


@transaction.atomic
def start(basket_id: int, checkout: Checkout, *, customer: User | None, now: datetime) -> Order:
    """Note what was agreed to: the quote as shown and the terms with their text. The same form again returns the first
    order; earlier orders of the basket that never came to a card are cancelled.

    `customer` is None for a guest, who becomes a customer of this one order. Raises NothingToBuy, BasketChanged when
    anything costs or would be something else by now, billing's NoTaxRate, and what `signup.start` raises for the
    membership in the basket; nothing is changed then.
    """
    basket = Basket.objects.select_for_update(of=("self",)).select_related("price__plan", "promotion").get(pk=basket_id)
    made = Order.objects.filter(once=checkout.once).select_related("customer").first()
    if made is not None:
        return made
    quote = _quote(basket, checkout, customer=customer, now=now)
    _drop_earlier(basket, now=now)
    buyer = customer or _guest(checkout, now=now)
    if quote.promotion is not None and customer is None:
        # Now that the guest has an address, the code may turn out to be used.
        quote = _quote(basket, checkout, customer=buyer, now=now)
    with override(buyer.locale):
        order = _order(basket, checkout, quote, customer=buyer, now=now)
    if checkout.address and customer is not None:
        address_book.use(customer, checkout.address)
    return order


def _quote(basket: Basket, checkout: Checkout, *, customer: User | None, now: datetime) -> quotes.Quote:
    member = baskets.has_member_prices(basket, customer=customer, now=now)
    contents = Contents.read(basket, currency=checkout.currency, member=member)
    if not contents.can_be_ordered:
        raise NothingToBuy(_("Something in your basket cannot be bought at the moment."))
    quote = quotes.of(contents, customer=customer, country=checkout.country, rate_id=checkout.rate_id, now=now)
    if not quote.can_be_sent or contents.is_shipped != bool(checkout.address):
        raise NothingToBuy(_("We do not send parcels to this country yet."))
    if quote.digest != checkout.digest:
        raise BasketChanged(_("Something has changed since you saw this page. Please look it over again."))
    return quote


def _drop_earlier(basket: Basket, *, now: datetime) -> None:
    earlier = Order.objects.select_for_update(of=("self",)).filter(
        basket=basket, status=OrderStatus.PENDING, invoice=None, signup__subscription=None
    )
    for order in earlier:
        lifecycle.cancel(order, reason="begun anew", now=now)


def _guest(checkout: Checkout, *, now: datetime) -> User:
    return accounts.guest(
        email=checkout.email,
        name=checkout.name,
        country=checkout.country,
        currency=checkout.currency,
        locale=checkout.locale,
        now=now,
    )


def _order(basket: Basket, checkout: Checkout, quote: quotes.Quote, *, customer: User, now: datetime) -> Order:
    # With a box it goes where the box goes.
    ride = quote.way.ride if quote.way else None
    order = Order(
        once=checkout.once,
        customer=customer,
        email=customer.mail_address,
        basket=basket,
        address=dict(ride.address if ride else checkout.address),
        goes_with=ride.subscription if ride else None,
        country=checkout.country,
        currency=quote.currency,
        goods_minor=quote.goods.minor,
        discount_minor=quote.discount.minor,
        shipping_minor=quote.shipping.minor,
        shipping_name=quote.way.name[:80] if quote.way else "",
        total_minor=quote.total.minor,
        tax_minor=quote.tax.minor,
        tax_basis_points=quote.tax_basis_points,
        agreed=drafting.keep(quotes.lines(quote), quote.taxation),
        promotion=quote.promotion,
        created_at=now,
    )
    order.consent = accounts.record_consent(
        customer,
        kind="subscription_terms",
        version=checkout.terms_version,
        text=checkout.terms_text,
        granted=True,
        source="order",
        now=now,
        key=f"order:{order.token}",
    )
    order.signup = _signup(basket, checkout, customer=customer, now=now)
    order.save()
    written = OrderLine.objects.bulk_create(_lines(order, quote))
    OrderPiece.objects.bulk_create(_pieces(written, quote))
    lifecycle.begin(order, now=now)
    return order


def _lines(order: Order, quote: quotes.Quote) -> list[OrderLine]:
    rows = []
    for position, (item, share) in enumerate(zip(quote.contents.items, quote.shares, strict=True), start=1):
        assert item.unit is not None, "it can be bought"
        rows.append(
            OrderLine(
                order=order,
                position=position,
                variant=item.variant,
                description=str(item.variant),
                sku=item.variant.sku,
                quantity=item.quantity,
                unit_minor=item.unit.minor,
                amount_minor=item.unit.minor * item.quantity,
                discount_minor=share,
                is_member_price=item.is_member_price,
                is_shipped=item.is_shipped,
                choices=item.goods.columns["choices"],
            )
        )
    return rows


def _pieces(lines: Sequence[OrderLine], quote: quotes.Quote) -> list[OrderPiece]:
    """What is in one of each bundle, and how much of its price it is. One query where there is a bundle."""
    inside = {choice.variant_id: choice.variant for item in quote.contents.items for choice in item.packed.filled}
    prices = parts.prices_of(inside, currency=quote.currency) if inside else {}
    rows = []
    for line, item in zip(lines, quote.contents.items, strict=True):
        for pk in dict.fromkeys(choice.variant_id for choice in item.packed.filled):
            facts = {"description": str(inside[pk])[:210], "quantity": item.pieces[pk], "weight": prices.get(pk)}
            rows.append(OrderPiece(line=line, variant_id=pk, **facts))
    return rows


def _signup(basket: Basket, checkout: Checkout, *, customer: User, now: datetime) -> Signup | None:
    """The membership in the basket, with the words agreed to for it."""
    if basket.price is None:
        return None
    if checkout.plan_terms is None or customer.is_guest:
        raise NothingToBuy(_("Please sign in to become a member."))
    version, text = checkout.plan_terms
    code = basket.promotion
    return signups.start(
        customer,
        basket.price.pk,
        terms_version=version,
        terms_text=text,
        promotion=code if code is not None and not code.for_goods else None,
        source="checkout",
        now=now,
    )
