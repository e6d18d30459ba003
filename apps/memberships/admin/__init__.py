"""The back office of memberships. Whatever staff change goes through the services, with their address in the
history.
"""

from .plans import PlanAdmin, PriceAdmin
from .purchases import PlanChangeAdmin, SignupAdmin, TrialUseAdmin
from .subscriptions import SubscriptionAdmin

__all__ = ["PlanAdmin", "PlanChangeAdmin", "PriceAdmin", "SignupAdmin", "SubscriptionAdmin", "TrialUseAdmin"]
