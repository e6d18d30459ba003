"""The back office of memberships. Whatever staff change goes through the services, with their address in the
history.
"""

from .declarations import DeclarationAdmin
from .gifts import GiftAdmin, PauseAdmin
from .plans import PlanAdmin, PriceAdmin
from .price_changes import PriceChangeAdmin
from .promises import PricePromiseAdmin
from .purchases import PlanChangeAdmin, SignupAdmin, TrialUseAdmin
from .subscriptions import SubscriptionAdmin

__all__ = [
    "DeclarationAdmin",
    "GiftAdmin",
    "PauseAdmin",
    "PlanAdmin",
    "PlanChangeAdmin",
    "PriceAdmin",
    "PriceChangeAdmin",
    "PricePromiseAdmin",
    "SignupAdmin",
    "SubscriptionAdmin",
    "TrialUseAdmin",
]
