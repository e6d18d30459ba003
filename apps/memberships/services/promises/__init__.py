"""The price-promise ledger: a price changes for members on a date, after notices, with their consent, or not at all."""

from .answering import agree, refuse
from .dating import give_new_date, let_keep
from .forecasting import Forecast, forecast, members_of
from .noticing import give_due
from .planning import check, draft, plan, revise, withdraw
from .settling import Settlement, lapse_due, prepare, record
from .writing import advance_due

__all__ = [
    "Forecast",
    "Settlement",
    "advance_due",
    "agree",
    "check",
    "draft",
    "forecast",
    "give_due",
    "give_new_date",
    "lapse_due",
    "let_keep",
    "members_of",
    "plan",
    "prepare",
    "record",
    "refuse",
    "revise",
    "withdraw",
]
