"""Who may review a product, and how a review comes to be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from . import lifecycle
from .models import Product, Review, ReviewAnswer

type Proof = Callable[[Product, object], bool]

_proofs: list[Proof] = []


class NotABuyer(Exception):
    """Only those who have bought a product may review it; the text is for people."""

    def __init__(self) -> None:
        super().__init__(_("Only somebody who has bought it can review it."))


def register_proof(proof: Proof) -> Proof:
    """Let an app above say that a customer has bought a product: `proof(product, customer)`. In its `ready`."""
    if proof not in _proofs:
        _proofs.append(proof)
    return proof


def forget_proof(proof: Proof) -> None:
    """Take a proof back."""
    _proofs.remove(proof)


def may_review(product: Product, customer) -> bool:
    """Whether anybody can prove that the customer has bought the product."""
    return any(proof(product, customer) for proof in _proofs)


@transaction.atomic
def submit(product: Product, *, customer, rating: int, title: str, text: str, now: datetime) -> Review:
    """A buyer's review, which waits for staff to look at it. Written again, it replaces the first and waits again.

    Raises NotABuyer.
    """
    if not may_review(product, customer):
        raise NotABuyer
    words = {"rating": rating, "title": title, "text": text}
    facts = {**words, "is_verified": True, "created_at": now}
    review, made = Review.objects.get_or_create(product=product, customer=customer, defaults=facts)
    if made:
        return review
    lifecycle.reopen(review.pk, now=now)
    ReviewAnswer.objects.filter(review=review).delete()
    Review.objects.filter(pk=review.pk).update(**facts)
    review.refresh_from_db()
    return review
