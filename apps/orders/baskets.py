"""Baskets: finding them, putting in and taking out. What is in them, at which prices, is read by `contents`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.catalog import bundles
from apps.catalog.models import ProductPrice, Variant
from apps.memberships.models import MEMBER_PRICES, MEMBERSHIP, Benefit, Price, Subscription
from apps.promotions.models import Promotion

from .errors import NotForSale
from .items import Item
from .models import MOST_OF_ONE, Basket, BasketLine, Goods

# The key under which a session remembers the basket: its token and how many pieces are in it.
SESSION_KEY = "basket"
LASTS = timedelta(days=90)


def find(*, customer: User | None, token: str | None) -> Basket | None:
    """The basket of who is signed in, else the one of the session; None when there is none. At most one statement."""
    rows = Basket.objects.select_related("price__plan", "promotion", "customer")
    if customer is not None:
        return rows.filter(customer=customer).first()
    return rows.filter(token=token, customer=None).first() if token else None


@transaction.atomic
def open_for(*, customer: User | None, token: str | None, now: datetime) -> Basket:
    """The basket, locked, made when there is none."""
    found = find(customer=customer, token=token)
    if found is None and customer is not None:
        found, _made = Basket.objects.get_or_create(customer=customer, defaults={"updated_at": now})
    elif found is None:
        found = Basket.objects.create(updated_at=now)
    return Basket.objects.select_for_update().get(pk=found.pk)


def has_member_prices(basket: Basket | None, *, customer: User | None, now: datetime) -> bool:
    """Whether members' prices hold: for the membership the customer has, or for the one in the basket."""
    if basket is not None and basket.price is not None and basket.price.plan.benefit(MEMBER_PRICES):
        return True
    if customer is None or not customer.is_active:
        return False
    memberships = Subscription.objects.open_at(now).filter(customer=customer, plan_group=MEMBERSHIP)
    return memberships.filter(plan__benefits__in=Benefit.objects.granting(MEMBER_PRICES)).exists()


@transaction.atomic
def add(
    basket: Basket,
    variant_id: int,
    *,
    quantity: int,
    currency: str,
    choices: Mapping[int, int] | None = None,
    now: datetime,
) -> BasketLine:
    """Put so many more in, up to the most of one thing. `choices` is what was picked for the slots of a bundle, variant
    by slot; the same bundle with other choices is another thing.

    Raises NotForSale, catalog's InvalidChoice, and ValueError below one.
    """
    if quantity < 1:
        raise ValueError("At least one piece is put in")
    variant = Variant.objects.for_sale().select_related("product").filter(pk=variant_id).first()
    price = ProductPrice.objects.filter(variant=variant_id, currency=currency).first()
    if variant is None or price is None or not variant.product.is_sold_alone:
        raise NotForSale(_("This cannot be bought at the moment."))
    facts = {"currency": currency, "seen_minor": price.amount_minor}
    line, made = BasketLine.objects.select_for_update().get_or_create(
        basket=basket,
        **_goods(variant, choices or {}).columns,
        defaults={"quantity": min(quantity, MOST_OF_ONE), **facts},
    )
    if not made:
        line.quantity = min(line.quantity + quantity, MOST_OF_ONE)
        line.currency, line.seen_minor = currency, price.amount_minor
        line.save()
    touch(basket, now=now)
    return line


@transaction.atomic
def set_quantity(basket: Basket, line_id: int, *, quantity: int, now: datetime) -> None:
    """So many of it from now on; none takes it out. A line that is gone, or another basket's, changes nothing. Raises
    ValueError above the most of one thing or below none."""
    if not 0 <= quantity <= MOST_OF_ONE:
        raise ValueError(f"Between none and {MOST_OF_ONE}")
    line = BasketLine.objects.filter(basket=basket, pk=line_id)
    if quantity:
        line.update(quantity=quantity)
    else:
        line.delete()
    touch(basket, now=now)


@transaction.atomic
def choose(basket: Basket, line_id: int, *, choices: Mapping[int, int], now: datetime) -> None:
    """Other choices for a bundle in the basket. Where the same is in it already, the two become one line. A line that
    is gone, or another basket's, changes nothing. Raises catalog's InvalidChoice."""
    rows = BasketLine.objects.select_for_update(of=("self",)).select_related("variant__product")
    lines = {line.pk: line for line in rows.filter(basket=basket)}
    line = lines.pop(line_id, None)
    if line is None:
        return
    wanted = _goods(line.variant, choices)
    same = next((other for other in lines.values() if other.goods == wanted), None)
    if same is not None:
        line.quantity = min(line.quantity + same.quantity, MOST_OF_ONE)
        same.delete()
    line.choices = wanted.columns["choices"]
    line.save(update_fields=["quantity", "choices"])
    touch(basket, now=now)


def set_membership(basket: Basket, price: Price | None, *, now: datetime) -> None:
    """A membership to be bought in the same checkout; None takes it out."""
    basket.price = price
    basket.save(update_fields=["price"])
    touch(basket, now=now)


def set_promotion(basket: Basket, promotion: Promotion | None, *, now: datetime) -> None:
    """The promotion whose code was typed; None takes it out."""
    basket.promotion = promotion
    basket.save(update_fields=["promotion"])
    touch(basket, now=now)


def accept_prices(basket: Basket, items: Iterable[Item]) -> None:
    """The changed prices have been shown: do not say it again."""
    for item in items:
        if item.was is not None and item.ordinary is not None:
            facts = {"seen_minor": item.ordinary.minor, "currency": item.ordinary.currency}
            BasketLine.objects.filter(basket=basket, pk=item.pk).update(**facts)


@transaction.atomic
def merge(token: UUID | str, *, customer: User, now: datetime) -> None:
    """Somebody signed in with a basket in hand: it becomes theirs, and what they had is added to it. The membership
    chosen last stays. A basket that is gone, or somebody's already, changes nothing."""
    found = Basket.objects.filter(token=token, customer=None).values_list("pk", flat=True).first()
    if found is None:
        return
    mine, _made = Basket.objects.get_or_create(customer=customer, defaults={"updated_at": now})
    rows = {row.pk: row for row in Basket.objects.select_for_update().filter(pk__in=[found, mine.pk]).order_by("pk")}
    other, mine = rows.get(found), rows[mine.pk]
    if other is None or other.customer_id is not None:
        return
    _pour(other, mine)
    mine.price_id = other.price_id or mine.price_id
    mine.promotion_id = other.promotion_id or mine.promotion_id
    mine.updated_at = now
    mine.save()
    other.delete()


@transaction.atomic
def refill(
    basket_id: int, quantities: Mapping[Goods, int], *, currency: str, price: Price | None, now: datetime
) -> None:
    """An order came to nothing: what it took out of the basket is put back. Prices are taken as seen."""
    basket = Basket.objects.select_for_update().get(pk=basket_id)
    listed = ProductPrice.objects.filter(variant__in=[goods.variant_id for goods in quantities], currency=currency)
    amounts = dict(listed.values_list("variant_id", "amount_minor"))
    for goods, wanted in quantities.items():
        if goods.variant_id in amounts:
            facts = {"quantity": wanted, "currency": currency, "seen_minor": amounts[goods.variant_id]}
            BasketLine.objects.get_or_create(basket=basket, **goods.columns, defaults=facts)
    if price is not None and basket.price_id is None:
        basket.price = price
        basket.save(update_fields=["price"])
    touch(basket, now=now)


def empty(basket: Basket, taken: Collection[Goods], *, now: datetime) -> None:
    """An order has taken this out, with the membership and the code that went with it."""
    gone = [line.pk for line in basket.lines.all() if line.goods in taken]
    BasketLine.objects.filter(pk__in=gone).delete()
    basket.price = basket.promotion = None
    basket.save(update_fields=["price", "promotion"])
    touch(basket, now=now)


def count(basket: Basket | None) -> int:
    """How many pieces are in it, a membership included."""
    if basket is None:
        return 0
    pieces = basket.lines.aggregate(pieces=Sum("quantity"))["pieces"] or 0
    return pieces + (1 if basket.price_id else 0)


def touch(basket: Basket, *, now: datetime) -> None:
    basket.updated_at = now
    basket.save(update_fields=["updated_at"])


def forget_old(*, now: datetime) -> int:
    """Delete the baskets that nobody has touched for LASTS; returns how many."""
    old = Basket.objects.untouched_since(now - LASTS)
    count = old.count()
    old.delete()
    return count


def _pour(source: Basket, target: Basket) -> None:
    """The lines of one basket into another; quantities add up to the most of one thing."""
    mine = {line.goods: line for line in target.lines.all()}
    for line in source.lines.all():
        held = mine.get(line.goods)
        if held is None:
            line.basket = target
            line.save(update_fields=["basket"])
        else:
            held.quantity = min(held.quantity + line.quantity, MOST_OF_ONE)
            held.currency, held.seen_minor = line.currency, line.seen_minor
            held.save()


def _goods(variant: Variant, choices: Mapping[int, int]) -> Goods:
    """The variant with what was picked for it, as far as there was a choice. Raises InvalidChoice."""
    if not variant.product.is_bundle:
        return Goods(variant.pk)
    filled = bundles.fill(bundles.slots(variant.product_id), choices)
    return Goods(variant.pk, frozenset(bundles.kept(filled).items()))
