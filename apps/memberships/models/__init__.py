"""Plans and their prices, subscriptions and what happened to them."""

from .benefits import MEMBER_PRICES, Benefit
from .declarations import Declaration, DeclarationKind, Doubt, Handling, HandlingStatus, Manner
from .gifts import Gift, GiftStatus, GiftUse
from .intervals import IntervalUnit, Rhythm
from .pauses import Pause, PauseOutcome
from .plans import COMPLIMENTARY, MEMBERSHIP, Plan, PlanStatus, Price
from .price_changes import PriceChange, PriceChangeEntry, PriceChangeStatus, WithoutConsent
from .promises import Answer, Outcome, PricePromise, PromiseNotice
from .purchases import ChangeStatus, PlanChange, Signup, SignupStatus
from .records import History, HistoryKind, Period
from .statuses import BILLED, OPEN, CancelReason, EndReason, Origin, PauseKind, Status
from .subscriptions import Holding, Subscription
from .trials import TrialUse

__all__ = [
    "BILLED",
    "COMPLIMENTARY",
    "MEMBERSHIP",
    "MEMBER_PRICES",
    "OPEN",
    "Answer",
    "Benefit",
    "CancelReason",
    "ChangeStatus",
    "Declaration",
    "DeclarationKind",
    "Doubt",
    "EndReason",
    "Gift",
    "GiftStatus",
    "GiftUse",
    "Handling",
    "HandlingStatus",
    "History",
    "HistoryKind",
    "Holding",
    "IntervalUnit",
    "Manner",
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
    "Rhythm",
    "Signup",
    "SignupStatus",
    "Status",
    "Subscription",
    "TrialUse",
    "WithoutConsent",
]
