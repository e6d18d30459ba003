"""What the demo sells: plans, goods, guides, and the rules of its offers."""

from datetime import datetime

from apps.catalog import demo as catalog
from apps.memberships import demo as memberships
from apps.offers import demo as offers


def build(*, now: datetime) -> None:
    """Stock the shop as of `now`. Safe to repeat."""
    memberships.build_plans(now=now, trials=memberships.TRIALS)
    memberships.build_quarterly(now=now)
    catalog.build(now=now)
    offers.build(now=now)
