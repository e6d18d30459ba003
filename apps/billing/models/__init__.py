"""The books of the shop: who pays with what, what is owed, what was paid, and the proof of it."""

from .billing_details import BillingDetails, NumberStatus, Outcome, TaxNumberCheck, TaxNumberTry
from .credit import CreditAccount, CreditEntry
from .credit_note import CreditNote, CreditNoteLine
from .dispute import Dispute, DisputeMovement
from .dunning import DunningPolicy, Recovery
from .exchange import ExchangeRate, Rates, StatedTax
from .given_back import GivenBack
from .history import BreakChange, DisputeChange, InvoiceChange, PaymentChange, RecoveryChange, RefundChange
from .invoice import Invoice, InvoiceSeries, Supply, TaxTreatment
from .invoice_line import InvoiceLine, Left
from .journal import JournalBalance, JournalMonth
from .ledger import Account, LedgerEntry
from .loss import LossDecision
from .parked import Parked
from .payment import Payment
from .profile import Card, Profile
from .reconciliation import Break, Reconciliation, Sighting
from .refund import Refund
from .revenue import RevenueSchedule
from .seller import Seller, TaxRounding
from .tax import TaxRate

__all__ = [
    "Account",
    "BillingDetails",
    "Break",
    "BreakChange",
    "Card",
    "CreditAccount",
    "CreditEntry",
    "CreditNote",
    "CreditNoteLine",
    "Dispute",
    "DisputeChange",
    "DisputeMovement",
    "DunningPolicy",
    "ExchangeRate",
    "GivenBack",
    "Invoice",
    "InvoiceChange",
    "InvoiceLine",
    "InvoiceSeries",
    "JournalBalance",
    "JournalMonth",
    "LedgerEntry",
    "Left",
    "LossDecision",
    "NumberStatus",
    "Outcome",
    "Parked",
    "Payment",
    "PaymentChange",
    "Profile",
    "Rates",
    "Reconciliation",
    "Recovery",
    "RecoveryChange",
    "Refund",
    "RefundChange",
    "RevenueSchedule",
    "Seller",
    "Sighting",
    "StatedTax",
    "Supply",
    "TaxNumberCheck",
    "TaxNumberTry",
    "TaxRate",
    "TaxRounding",
    "TaxTreatment",
]
