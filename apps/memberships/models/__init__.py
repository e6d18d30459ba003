"""Plans and their prices, subscriptions and what happened to them."""

from .plans import Benefit, Plan, PlanStatus, Price
from .purchases import ChangeStatus, PlanChange, Signup, SignupStatus
from .records import History, HistoryKind, Period
from .subscriptions import CancelReason, EndReason, Status, Subscription

__all__ = [
    "Benefit",
    "CancelReason",
    "ChangeStatus",
    "EndReason",
    "History",
    "HistoryKind",
    "Period",
    "Plan",
    "PlanChange",
    "PlanStatus",
    "Price",
    "Signup",
    "SignupStatus",
    "Status",
    "Subscription",
]
