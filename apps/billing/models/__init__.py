"""The books of the shop: who pays with what, what is owed, what was paid, and the proof of it."""

from .credit import CreditAccount, CreditEntry
from .dunning import DunningPolicy, Recovery
from .history import BreakChange, InvoiceChange, PaymentChange, RecoveryChange, RefundChange
from .invoice import Invoice, InvoiceLine, InvoiceSeries
from .ledger import Account, LedgerEntry
from .parked import Parked
from .payment import Payment
from .profile import Card, Profile
from .reconciliation import Break, Reconciliation, Sighting
from .refund import Refund
from .tax import TaxRate

__all__ = [
    "Account",
    "Break",
    "BreakChange",
    "Card",
    "CreditAccount",
    "CreditEntry",
    "DunningPolicy",
    "Invoice",
    "InvoiceChange",
    "InvoiceLine",
    "InvoiceSeries",
    "LedgerEntry",
    "Parked",
    "Payment",
    "PaymentChange",
    "Profile",
    "Reconciliation",
    "Recovery",
    "RecoveryChange",
    "Refund",
    "RefundChange",
    "Sighting",
    "TaxRate",
]
