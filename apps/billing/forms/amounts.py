"""How much of something goes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.billing import corrections, limits, refunds
from apps.billing.limits import Limit
from apps.billing.models import CreditNote, Invoice, Payment
from apps.core.money import Money, exponent


class AmountForm(BaseDialogForm):
    """Part of something in a currency, and why. `key` makes the same form, sent twice, one occasion."""

    amount = forms.DecimalField(label=_("Amount"), widget=UnfoldAdminDecimalFieldWidget)
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid4

    def offer(self, *limits: Limit) -> None:
        """Propose the most that is left, and say why it is no more."""
        most = max((limit.left for limit in limits), key=lambda left: left.minor)
        self.fields["amount"].initial = most.decimal
        self.fields["amount"].help_text = " ".join(dict.fromkeys(self._said(limits, most)))

    def _said(self, limits: Sequence[Limit], most: Money) -> Iterator[str]:
        yield _text("At most %(left)s.") % {"left": most}
        for limit in limits:
            yield from limit.reasons

    def take(self, amount: Decimal, *, left: Money) -> Money | None:
        """The amount as money, or an error beside it."""
        minor = amount.scaleb(exponent(left.currency))
        if minor != int(minor):
            self.add_error("amount", _("This currency does not have that many decimal places."))
        elif not 0 < minor <= left.minor:
            self.add_error("amount", _text("More than zero, and at most %(left)s.") % {"left": left})
        else:
            return Money(int(minor), left.currency)
        return None


class RefundForm(AmountForm):
    """How much of a payment goes back, and why."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.payment = Payment.objects.select_related("invoice").filter(pk=self.object_id).first()
        if self.payment:
            self.offer(limits.to_card(self.payment))

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if self.payment is None or self.payment.status != Payment.Status.SUCCEEDED:
            # Dialogs show the errors of fields only.
            self.add_error("amount", _("Only a payment that succeeded can be refunded."))
        elif "amount" in cleaned:
            cleaned["money"] = self.take(cleaned["amount"], left=refunds.payable_back(self.payment))
        return cleaned


class CreditForm(AmountForm):
    """How much of an invoice is taken back, why, and where the money goes."""

    to = forms.ChoiceField(label=_("The money goes"), widget=UnfoldAdminSelectWidget)
    field_order = ["to", "amount", "reason", "key"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.invoice = Invoice.objects.filter(pk=self.object_id).first()
        self.limits = self._limits()
        self.fields["to"].choices = [
            (to, _text("%(where)s (at most %(left)s)") % {"where": CreditNote.Settlement(to).label, "left": limit.left})
            for to, limit in self.limits.items()
        ]
        if self.limits:
            self.offer(*self.limits.values())

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if not self.limits:
            self.add_error("amount", self._refusal())
        elif {"amount", "to"} <= cleaned.keys():
            cleaned["money"] = self.take(cleaned["amount"], left=self.limits[cleaned["to"]].left)
        return cleaned

    def _refusal(self) -> str:
        if self.invoice is None or self.invoice.status != Invoice.Status.PAID:
            return _text("Only a paid invoice can be corrected in part. Withdraw an open one.")
        return limits.to_credit(self.invoice).text

    def _limits(self) -> dict[str, Limit]:
        """What may go where; nothing when the invoice is not paid."""
        if self.invoice is None or self.invoice.status != Invoice.Status.PAID:
            return {}
        payment = corrections.payment_of(self.invoice)
        found = {CreditNote.Settlement.CREDIT: limits.to_credit(self.invoice)}
        if payment:
            found = {CreditNote.Settlement.CARD: limits.to_card(payment), **found}
        return {to: limit for to, limit in found.items() if limit.left}
