"""Offers of the demo shop."""

from datetime import datetime

from apps.promotions.models import Promotion

from . import defaults, services
from .models import OfferPolicy, WinbackIncentive


def build(*, now: datetime) -> None:
    """Make sure of the policies and incentives, and suggest what behaviour asks for by `now`. Safe to repeat."""
    defaults.create(policy_model=OfferPolicy, incentive_model=WinbackIncentive, promotion_model=Promotion, now=now)
    defaults.translate(promotion_model=Promotion)
    services.suggest_upgrades(now=now)
