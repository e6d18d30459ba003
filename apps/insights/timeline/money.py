"""What a customer was billed, paid and got back."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing.models import CreditEntry, CreditNote, Dispute, Invoice, Payment, Recovery, Refund

from .moment import Kind, Moment, page, sentence

_GOOD = {"paid", "succeeded", "recovered", "won"}
_BAD = {"declined", "unknown", "uncollectible", "failed", "exhausted", "needs_response", "lost"}


def _tone(status: str) -> str:
    return "good" if status in _GOOD else "bad" if status in _BAD else ""


def invoices(customer: User) -> list[Moment]:
    """Each invoice when it was issued, and again when it was voided."""
    moments = []
    for invoice in Invoice.objects.of(customer):
        url = page("billing_invoice", invoice.pk)
        detail = sentence(
            invoice.get_status_display(),
            invoice.reason,
            invoice.credit_applied and _("%(amount)s from credit") % {"amount": invoice.credit_applied},
        )
        title = _("Invoice %(number)s: %(total)s") % {"number": invoice.number, "total": invoice.total}
        moments.append(Moment(invoice.issued_at, Kind.INVOICE, title, detail, url, _tone(invoice.status)))
        if invoice.voided_at:
            title = _("Invoice %(number)s voided") % {"number": invoice.number}
            moments.append(Moment(invoice.voided_at, Kind.INVOICE, title, url=url))
    return moments


def credit_notes(customer: User) -> list[Moment]:
    return [
        Moment(
            note.issued_at,
            Kind.INVOICE,
            _("Credit note %(number)s: %(total)s") % {"number": note.number, "total": note.total},
            sentence(note.invoice.number, note.get_settlement_display(), note.reason),
            page("billing_creditnote", note.pk),
        )
        for note in CreditNote.objects.of(customer).select_related("invoice")
    ]


def disputes(customer: User) -> list[Moment]:
    """Each dispute when it was heard of, and again when the bank had decided."""
    moments = []
    rows = Dispute.objects.filter(payment__invoice__customer=customer).select_related("payment__invoice")
    for dispute in rows:
        url = page("billing_dispute", dispute.pk)
        detail = sentence(dispute.payment and dispute.payment.invoice.number, dispute.reason)
        title = _("Dispute of %(amount)s") % {"amount": dispute.amount}
        moments.append(Moment(dispute.created_at, Kind.DISPUTE, title, detail, url, "bad"))
        if dispute.closed_at:
            title = _("Dispute: %(status)s") % {"status": dispute.get_status_display()}
            moments.append(Moment(dispute.closed_at, Kind.DISPUTE, title, detail, url, _tone(dispute.status)))
    return moments


def payments(customer: User) -> list[Moment]:
    """Each attempt, at the instant it was settled, sent or made; a decline with its code."""
    attempts = Payment.objects.filter(invoice__customer=customer).select_related("invoice", "card")
    return [
        Moment(
            payment.settled_at or payment.sent_at or payment.created_at,
            Kind.PAYMENT,
            _("Payment of %(amount)s: %(status)s") % {"amount": payment.amount, "status": payment.get_status_display()},
            sentence(
                payment.invoice.number,
                _("attempt %(number)d") % {"number": payment.attempt},
                payment.card and f"{payment.card.brand} ···· {payment.card.last4}",
                payment.decline_code,
                payment.decline_hard and _("hard decline"),
                payment.message,
            ),
            page("billing_payment", payment.pk),
            _tone(payment.status),
        )
        for payment in attempts
    ]


def refunds(customer: User) -> list[Moment]:
    rows = Refund.objects.filter(payment__invoice__customer=customer).select_related("payment__invoice")
    return [
        Moment(
            refund.settled_at or refund.created_at,
            Kind.REFUND,
            _("Refund of %(amount)s: %(status)s") % {"amount": refund.amount, "status": refund.get_status_display()},
            sentence(refund.payment.invoice.number, refund.reason, refund.message),
            page("billing_refund", refund.pk),
            _tone(refund.status),
        )
        for refund in rows
    ]


def recoveries(customer: User) -> list[Moment]:
    """The start of each recovery of an unpaid invoice, and its end."""
    moments = []
    for recovery in Recovery.objects.filter(invoice__customer=customer).select_related("invoice", "policy"):
        url = page("billing_recovery", recovery.pk)
        detail = sentence(recovery.invoice.number, recovery.policy)
        moments.append(Moment(recovery.started_at, Kind.DUNNING, _("Recovery started"), detail, url))
        if recovery.ended_at:
            title = _("Recovery: %(status)s") % {"status": recovery.get_status_display()}
            moments.append(Moment(recovery.ended_at, Kind.DUNNING, title, detail, url, _tone(recovery.status)))
    return moments


def credits(customer: User) -> list[Moment]:
    return [
        Moment(
            entry.at,
            Kind.CREDIT,
            _("Credit granted: %(amount)s") % {"amount": entry.amount}
            if entry.amount_minor > 0
            else _("Credit used: %(amount)s") % {"amount": -entry.amount},
            entry.reason,
        )
        for entry in CreditEntry.objects.filter(customer=customer)
    ]
