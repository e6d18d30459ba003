"""Plans and their prices, subscriptions and what happened to them."""

from .gifts import Gift, GiftStatus, GiftUse
from .pauses import Pause, PauseOutcome
from .plans import COMPLIMENTARY, Benefit, Plan, PlanStatus, Price
from .price_changes import PriceChange, PriceChangeEntry, PriceChangeStatus, WithoutConsent
from .promises import Answer, Outcome, PricePromise, PromiseNotice
from .purchases import ChangeStatus, PlanChange, Signup, SignupStatus
from .records import History, HistoryKind, Period
from .subscriptions import CancelReason, EndReason, Origin, PauseKind, Status, Subscription

__all__ = [
    "COMPLIMENTARY",
    "Answer",
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
    "Outcome",
    "Pause",
    "PauseKind",
    "PauseOutcome",
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
