"""Every change of a status in billing: the arrows, and one function per arrow.

Rows are locked in one order, invoice -> payment -> recovery -> refund, so that no two changes wait for each other.
"""

from .adopting import DoesNotFit, adopt, adopt_refund
from .invoices import give_up, pay_at_issue, void
from .moves import ARROWS, IllegalMove
from .payments import claim, claim_one, doubt, drop_stranded, expire_leases, release, settle, withdraw
from .recoveries import stop
from .refunds import claim_refunds, expire_refund_leases, open_refund, settle_refund

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
    "open_refund",
    "pay_at_issue",
    "release",
    "settle",
    "settle_refund",
    "stop",
    "void",
    "withdraw",
]
