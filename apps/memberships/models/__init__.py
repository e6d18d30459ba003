"""Plans and their prices, subscriptions and what happened to them."""

from .plans import Benefit, Plan, PlanStatus, Price
from .price_changes import PriceChange, PriceChangeEntry, PriceChangeStatus, WithoutConsent
from .promises import Answer, Outcome, PricePromise, PromiseNotice
from .purchases import ChangeStatus, PlanChange, Signup, SignupStatus
from .records import History, HistoryKind, Period
from .subscriptions import CancelReason, EndReason, Status, Subscription

__all__ = [
    "Answer",
    "Benefit",
    "CancelReason",
    "ChangeStatus",
    "EndReason",
    "History",
    "HistoryKind",
    "Outcome",
    "Period",
    "Plan",
    "PlanChange",
    "PlanStatus",
    "Price",
    "PriceChange",
    "PriceChangeEntry",
    "PriceChangeStatus",
    "PricePromise",
    "PromiseNotice",
    "Signup",
    "SignupStatus",
    "Status",
    "Subscription",
    "WithoutConsent",
]
