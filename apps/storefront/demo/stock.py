"""What the demo sells: plans, goods, boxes, guides, and the rules of its offers; and what it needs to sell abroad."""

from datetime import datetime

from apps.billing.models import Seller
from apps.catalog import demo as catalog
from apps.memberships import demo as memberships
from apps.offers import demo as offers
from apps.orders import demo as orders

from . import rates

# Its check digit is right; it stands in examples everywhere.
VAT_NUMBER = "IT00743110157"


def build(*, now: datetime) -> None:
    """Stock the shop as of `now`. Safe to repeat."""
    Seller.objects.update(tax_number=VAT_NUMBER)
    rates.build(now=now)
    memberships.build_plans(now=now, trials=memberships.TRIALS)
    memberships.build_quarterly(now=now)
    catalog.build(now=now)
    catalog.build_boxes(now=now)
    memberships.build_boxes(now=now)
    orders.build_boxes()
    offers.build(now=now)
