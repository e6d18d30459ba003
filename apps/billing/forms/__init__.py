"""What staff type in."""

from .acting import AnswerForm, ReasonForm
from .amounts import AmountForm, CreditForm, RefundForm
from .dunning import DunningPolicyForm
from .reading import CloseMonthForm, ExportForm, TrialBalanceForm
from .seller import SellerForm
from .tax_rates import TaxRateForm

__all__ = [
    "AmountForm",
    "AnswerForm",
    "CloseMonthForm",
    "CreditForm",
    "DunningPolicyForm",
    "ExportForm",
    "ReasonForm",
    "RefundForm",
    "SellerForm",
    "TaxRateForm",
    "TrialBalanceForm",
]
