"""Plans and their prices, subscriptions and what happened to them."""

from .gifts import Gift, GiftStatus, GiftUse
from .pauses import Pause, PauseOutcome
from .plans import COMPLIMENTARY, Benefit, Plan, PlanStatus, Price
from .purchases import ChangeStatus, PlanChange, Signup, SignupStatus
from .records import History, HistoryKind, Period
from .subscriptions import CancelReason, EndReason, Origin, PauseKind, Status, Subscription

__all__ = [
    "COMPLIMENTARY",
    "Benefit",
    "CancelReason",
    "ChangeStatus",
    "EndReason",
    "Gift",
    "GiftStatus",
    "GiftUse",
    "History",
    "HistoryKind",
    "Origin",
    "Pause",
    "PauseKind",
    "PauseOutcome",
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
