"""The books of the shop: who pays with what, what is owed, what was paid, and the proof of it."""

from .credit import CreditAccount, CreditEntry
from .dunning import DunningPolicy, Recovery
from .history import InvoiceChange, PaymentChange, RecoveryChange, RefundChange
from .invoice import Invoice, InvoiceLine, InvoiceSeries
from .journal import JournalBalance, JournalMonth
from .ledger import Account, LedgerEntry
from .parked import Parked
from .payment import Payment
from .profile import Card, Profile
from .refund import Refund
from .revenue import RevenueSchedule
from .tax import TaxRate

__all__ = [
    "Account",
    "Card",
    "CreditAccount",
    "CreditEntry",
    "DunningPolicy",
    "Invoice",
    "InvoiceChange",
    "InvoiceLine",
    "InvoiceSeries",
    "JournalBalance",
    "JournalMonth",
    "LedgerEntry",
    "Parked",
    "Payment",
    "PaymentChange",
    "Profile",
    "Recovery",
    "RecoveryChange",
    "Refund",
    "RefundChange",
    "RevenueSchedule",
    "TaxRate",
]
