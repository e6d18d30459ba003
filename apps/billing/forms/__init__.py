"""What staff type in."""

from .acting import AnswerForm, ReasonForm
from .amounts import AmountForm, CreditForm, RefundForm
from .dunning import DunningPolicyForm
from .exchange import ExchangeRateForm, RatesFileForm
from .reading import CloseMonthForm, ExportForm, TrialBalanceForm
from .seller import SellerForm
from .tax_rates import TaxRateForm

__all__ = [
    "AmountForm",
    "AnswerForm",
    "CloseMonthForm",
    "CreditForm",
    "DunningPolicyForm",
    "ExchangeRateForm",
    "ExportForm",
    "RatesFileForm",
    "ReasonForm",
    "RefundForm",
    "SellerForm",
    "TaxRateForm",
    "TrialBalanceForm",
]
