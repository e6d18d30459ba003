"""Offers for tests: who is in which arm, and behaviour that gives a reason."""

from datetime import datetime
from itertools import count

from apps.accounts.models import User
from apps.catalog.models import Category, GuideView, Product
from apps.offers import rules
from apps.offers.models import Offer, OfferPolicy

from . import accounts

_numbers = count(1)


def customer_in(arm: str, kind: str, *, marketing: bool = False, **changes) -> User:
    """A new customer whom the policy in force puts in this arm."""
    holdout = OfferPolicy.objects.current(kind).holdout_percent
    while True:
        user = accounts.marketable(**changes) if marketing else accounts.customer(**changes)
        if rules.is_control(user.pk, kind, holdout_percent=holdout) == (arm == "control"):
            return user


def guide(rank: int) -> Product:
    """A published guide that opens from a rank."""
    number = next(_numbers)
    shelf, _created = Category.objects.get_or_create(slug="guides", defaults={"name": "Guides"})
    return Product.objects.create(
        slug=f"guide-{number}",
        name=f"Guide {number}",
        kind="guide",
        category=shelf,
        summary="How to.",
        picture="art/products/guide.svg",
        status="published",
        member_min_rank=rank,
    )


def opened(customer: User, *ranks: int, at: datetime) -> list[Product]:
    """The customer opened one locked guide for each rank."""
    guides = [guide(rank) for rank in ranks]
    for one in guides:
        GuideView.objects.create(customer=customer, product=one, locked=True, at=at)
    return guides


def facts(offer: Offer) -> dict:
    """Everything an offer says about its state, to assert that nothing changed."""
    return Offer.objects.filter(pk=offer.pk).values().get()
