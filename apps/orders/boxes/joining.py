"""Before a box is ordered or a gift of one redeemed: where it goes, and what is in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing import tax
from apps.catalog import bundles
from apps.catalog.models import Variant
from apps.memberships.models import Plan, Subscription
from apps.orders.errors import NotForSale, NotSentThere
from apps.orders.models import Box, BoxRecipient, ShippingRate


@transaction.atomic
def prepare(
    customer: User, plan: Plan, *, address: Mapping[str, str], choices: Mapping[int, int], now: datetime
) -> BoxRecipient:
    """Note where the boxes of a plan go and what is in them, variant by slot, before the customer signs up; what was
    noted before is replaced. `address` is as `accounts.addresses.normalise` returns it.

    Raises catalog's InvalidChoice, NotSentThere for a country to which no parcels go, and NotForSale for a plan without
    a box; nothing is changed then.
    """
    box = Box.objects.filter(plan=plan).first()
    if box is None:
        raise NotForSale(_("There is no such box."))
    check_country(address, currency=customer.currency, now=now)
    facts: dict[str, Any] = {
        "address": dict(address),
        "choices": checked(box, choices),
        "next_choices": None,
    }
    recipient, _made = BoxRecipient.objects.select_for_update().update_or_create(
        customer=customer, plan_group=plan.group, defaults=facts
    )
    return recipient


def recipient_of(subscription: Subscription) -> BoxRecipient:
    """Where the boxes of a subscription go and what is in them, locked; made where nothing was noted yet."""
    recipient, _made = BoxRecipient.objects.select_for_update(of=("self",)).get_or_create(
        customer_id=subscription.customer_id, plan_group=subscription.plan_group
    )
    return recipient


def countries(contracts: Collection[tuple[int, str]]) -> dict[tuple[int, str], str]:
    """The countries to which the boxes of contracts go, by customer and group of plans, of those of which it was said.
    One query."""
    customers = {customer for customer, _group in contracts}
    rows = BoxRecipient.objects.filter(customer__any=customers, address__has_key="country")
    found = rows.values_list("customer_id", "plan_group", "address__country")
    return {(customer, group): country for customer, group, country in found}


def check_country(address: Mapping[str, str], *, currency: str, now: datetime) -> None:
    """Raise NotSentThere where no parcels go, or of which the shop does not know the tax that is owed there."""
    country = address["country"]
    if country not in ShippingRate.objects.countries(currency) or country not in tax.rates_on(now.date()):
        raise NotSentThere(_("We do not send parcels to this country yet."))


def checked(box: Box, choices: Mapping[int, int]) -> dict[str, int]:
    """The choices as a row keeps them. Raises catalog's InvalidChoice for what the bundle does not offer."""
    variant = Variant.objects.select_related("product").filter(product=box.product_id).first()
    if variant is None:
        raise NotForSale(_("There is no such box."))
    bundles.components(variant, choices)
    return {str(slot): picked for slot, picked in choices.items()}
