"""Plans and their prices, subscriptions and what happened to them."""

from .intervals import IntervalUnit, Rhythm
from .plans import Benefit, Plan, PlanStatus, Price
from .purchases import ChangeStatus, PlanChange, Signup, SignupStatus
from .records import History, HistoryKind, Period
from .subscriptions import OPEN, CancelReason, EndReason, Holding, Status, Subscription
from .trials import TrialUse

__all__ = [
    "OPEN",
    "Benefit",
    "CancelReason",
    "ChangeStatus",
    "EndReason",
    "History",
    "HistoryKind",
    "Holding",
    "IntervalUnit",
    "Period",
    "Plan",
    "PlanChange",
    "PlanStatus",
    "Price",
    "Rhythm",
    "Signup",
    "SignupStatus",
    "Status",
    "Subscription",
    "TrialUse",
]
