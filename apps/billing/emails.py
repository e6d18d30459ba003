"""One function for each mail of billing: it puts a message in the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.urls import reverse

from apps.accounts import letters
from apps.core.money import Money
from apps.mail import outbox

from . import rules
from .models import BillingDetails, Invoice, InvoiceLine, NumberStatus, Payment, Recovery, Refund, TaxNumberCheck

# Where a subscription that sends parcels is cancelled, by its group.
PARCELS_CANCEL = "/account/boxes/{group}/cancel/"
RETRY, NEW_CARD, AUTHENTICATE = "retry", "new_card", "authenticate"


def ask_of(payment: Payment) -> str:
    """What a failed payment asks of the customer: nothing yet (we try again), another card, or to confirm at the
    bank."""
    if rules.asks_for_customer(payment.status, payment.decline_code):
        return AUTHENTICATE
    return NEW_CARD if payment.decline_hard else RETRY


def receipts(paid: Sequence[tuple[Invoice, Payment | None]], *, now: datetime) -> None:
    """The receipts of paid invoices: lines, tax, number, and how to cancel. Once for each invoice; the number of
    statements does not depend on how many."""
    prefetch_related_objects([invoice for invoice, _payment in paid], "lines")
    outbox.put_many([_receipt(invoice, payment) for invoice, payment in paid], now=now)


def _receipt(invoice: Invoice, payment: Payment | None) -> outbox.Letter:
    lines = sorted(invoice.lines.all(), key=lambda line: line.position)
    return _letter(
        "receipt",
        invoice,
        key=f"receipt:{invoice.pk}",
        lines=[
            {
                "description": line.description,
                "amount": Money(line.net_minor if invoice.adds_tax else line.amount_minor, invoice.currency),
            }
            for line in lines
        ],
        reverse_charge=invoice.is_reverse_charge,
        supplied=sorted({line.supply for line in lines}),
        net=invoice.net,
        tax=invoice.tax,
        total=invoice.total,
        credit=invoice.credit_applied,
        paid=payment.amount if payment else None,
        card=str(payment.card) if payment and payment.card else "",
        invoice_url=_own_url(invoice, "invoice", invoice.number),
        pdf_url=_own_url(invoice, "invoice_pdf", invoice.number),
        cancel_url=_cancel_url(lines),
    )


def payment_failed(invoice: Invoice, payment: Payment, recovery: Recovery, *, now: datetime) -> None:
    """A payment failed: what happened, what we will do, and the link to pay at once."""
    _dun(
        "payment-failed", invoice, payment, key=f"payment-failed:{payment.pk}", now=now, next_at=recovery.next_action_at
    )


def payment_reminder(invoice: Invoice, payment: Payment, recovery: Recovery, *, now: datetime) -> None:
    """The invoice is still open: a reminder of one step of its recovery."""
    key = f"payment-retry-reminder:{recovery.pk}:{recovery.step}"
    _dun("payment-retry-reminder", invoice, payment, key=key, now=now, next_at=None)


def final_notice(invoice: Invoice, payment: Payment, recovery: Recovery, *, ends_at: datetime, now: datetime) -> None:
    """Nothing worked: the last day to pay, and what the policy does after it."""
    _dun(
        "final-notice",
        invoice,
        payment,
        key=f"final-notice:{recovery.pk}",
        now=now,
        next_at=ends_at,
        action=recovery.policy.final_action,
    )


def payment_recovered(invoice: Invoice, *, now: datetime) -> None:
    """All is well again."""
    _put(
        "payment-recovered",
        invoice,
        key=f"payment-recovered:{invoice.pk}",
        now=now,
        total=invoice.total,
        sends_goods=bool(_parcels(invoice.lines.all())),
    )


def refund_sent(refund: Refund, *, now: datetime) -> None:
    """Money is on its way back to the card; the credit note that says why is linked, where something had been sold."""
    payment, note = refund.payment, refund.credit_note
    _put(
        "refund-sent",
        payment.invoice,
        key=f"refund-sent:{refund.pk}",
        now=now,
        amount=refund.amount,
        card=str(payment.card) if payment.card else "",
        invoice_url=_own_url(payment.invoice, "invoice", payment.invoice.number),
        credit_note=note.number if note else "",
        credit_note_url=_own_url(payment.invoice, "credit_note", note.number) if note else "",
        arrives_by=(now + timedelta(days=10)).date(),
    )


def tax_number_checked(details: BillingDetails, check: TaxNumberCheck, *, now: datetime) -> None:
    """The registry has said something new about the customer's VAT number: what it means for the next invoice."""
    customer = details.customer
    letters.put(
        "tax-number-checked",
        customer,
        key=f"tax-number-checked:{check.pk}",
        context={
            "name": customer.short_name,
            "number": check.tax_number,
            "is_valid": details.number_status == NumberStatus.VALID,
            "details_url": _url("billing_details"),
        },
        now=now,
    )


def _dun(
    kind: str,
    invoice: Invoice,
    payment: Payment,
    *,
    key: str,
    now: datetime,
    next_at: datetime | None,
    **context: Any,
) -> None:
    _put(
        kind,
        invoice,
        key=key,
        now=now,
        due=invoice.due,
        card=str(payment.card) if payment.card else "",
        ask=ask_of(payment),
        next_at=next_at,
        pay_url=_url("pay_invoice", invoice.pay_token),
        sends_goods=bool(_parcels(invoice.lines.all())),
        **context,
    )


def _parcels(lines: Iterable[InvoiceLine]) -> str:
    """The group of the plan whose parcels an invoice pays for; empty where it pays for none."""
    return next((line.inputs["parcels"] for line in lines if line.inputs.get("parcels")), "")


def _cancel_url(lines: Sequence[InvoiceLine]) -> str:
    """Where what the lines recur for is cancelled; empty where nothing recurs."""
    if not any(line.period_start for line in lines):
        return ""
    group = _parcels(lines)
    return settings.SITE_URL + PARCELS_CANCEL.format(group=group) if group else _url("cancel")


def _put(kind: str, invoice: Invoice, *, key: str, now: datetime, **context: Any) -> None:
    outbox.put_many([_letter(kind, invoice, key=key, **context)], now=now)


def _letter(kind: str, invoice: Invoice, *, key: str, **context: Any) -> outbox.Letter:
    customer = invoice.customer
    facts = {"name": customer.short_name, "number": invoice.number, **context}
    return letters.letter(kind, customer, key=key, context=facts)


def _own_url(invoice: Invoice, name: str, number: str) -> str:
    """A page of the customer's account; empty for a guest, who has none."""
    return "" if invoice.customer.is_guest else _url(name, number)


def _url(name: str, *args: str) -> str:
    return settings.SITE_URL + reverse(name, args=args)
