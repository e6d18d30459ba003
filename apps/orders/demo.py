"""The boxes of the demo shop: which plan sends which bundle."""

from __future__ import annotations

from django.db import transaction

from apps.catalog.models import Product
from apps.memberships.models import Plan

from .models import Box


@transaction.atomic
def build_boxes() -> None:
    """Each plan that sends a parcel sends the bundle of the same name. Safe to repeat: what is there stays."""
    plans = {plan.slug: plan for plan in Plan.objects.filter(sends_goods=True)}
    for bundle in Product.objects.filter(slug__in=plans):
        Box.objects.get_or_create(plan=plans[bundle.slug], defaults={"product": bundle})
