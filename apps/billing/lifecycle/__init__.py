"""Every change of a status in billing: the arrows, and one function per arrow.

Rows are locked in one order, invoice -> payment -> recovery -> refund, so that no two changes wait for each other.
"""

from .adopting import DoesNotFit, adopt, adopt_refund
from .disputes import hear_of_dispute, learn_of_dispute
from .invoices import give_up, pay_at_issue, void
from .moves import ARROWS, IllegalMove
from .payments import (
    claim,
    claim_one,
    doubt,
    drop_stranded,
    expire_leases,
    lock_payment,
    release,
    settle,
    settle_successes,
    withdraw,
)
from .recoveries import stop
from .refunds import claim_refunds, expire_refund_leases, open_refund, reopen_refund, settle_refund

__all__ = [
    "ARROWS",
    "DoesNotFit",
    "IllegalMove",
    "adopt",
    "adopt_refund",
    "claim",
    "claim_one",
    "claim_refunds",
    "doubt",
    "drop_stranded",
    "expire_leases",
    "expire_refund_leases",
    "give_up",
    "hear_of_dispute",
    "learn_of_dispute",
    "lock_payment",
    "open_refund",
    "pay_at_issue",
    "release",
    "reopen_refund",
    "settle",
    "settle_refund",
    "settle_successes",
    "stop",
    "void",
    "withdraw",
]
