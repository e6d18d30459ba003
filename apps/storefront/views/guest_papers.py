"""The invoice of a guest's order and what corrects it, for whoever has the link of the order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.billing import papers, printing
from apps.billing.models import CreditNote, Invoice
from apps.orders.models import Order

from .. import explanations
from .documents import clean


@never_cache
@require_safe
def invoice(request: HttpRequest, token: UUID) -> HttpResponse:
    """The invoice with the derivation of every line, its payments and what corrects it."""
    found = _invoice(token)
    with timezone.override(found.customer.time_zone):
        explained = explanations.of(found)
    rows = found.credit_notes.order_by("pk")
    notes = [(note, reverse("guest_credit_note", args=[token, note.number])) for note in rows]
    context = {
        "paper": papers.of_invoice(found),
        "invoice": found,
        "payments": found.payments.select_related("card").order_by("attempt"),
        "credit_notes": notes,
        "explanations": explained,
        "pdf_url": reverse("guest_invoice_pdf", args=[token]),
    }
    return render(request, "storefront/orders/invoice.html", context | _frame(token, found))


@never_cache
@require_safe
def invoice_pdf(request: HttpRequest, token: UUID) -> HttpResponse:
    """The invoice as PDF, in the guest's language."""
    return _pdf(request, _invoice(token), printing.invoice, page=reverse("guest_invoice", args=[token]))


@never_cache
@require_safe
def credit_note(request: HttpRequest, token: UUID, number: str) -> HttpResponse:
    """A credit note to the invoice, and where its money went."""
    found = _credit_note(token, number)
    context = {
        "paper": papers.of_credit_note(found),
        "credit_note": found,
        "refunds": found.refunds.select_related("payment__card").order_by("pk"),
        "pdf_url": reverse("guest_credit_note_pdf", args=[token, found.number]),
        "corrects_url": reverse("guest_invoice", args=[token]),
    }
    return render(request, "storefront/orders/credit_note.html", context | _frame(token, found))


@never_cache
@require_safe
def credit_note_pdf(request: HttpRequest, token: UUID, number: str) -> HttpResponse:
    """The credit note as PDF, in the guest's language."""
    found = _credit_note(token, number)
    page = reverse("guest_credit_note", args=[token, found.number])
    return _pdf(request, found, printing.credit_note, page=page)


def _frame(token: UUID, found: Invoice | CreditNote) -> dict[str, str]:
    return {"zone": found.customer.time_zone, "order_url": reverse("guest_order", args=[token])}


def _invoice(token: UUID) -> Invoice:
    orders = Order.objects.placed().of_guests().filter(token=token)
    return get_object_or_404(Invoice.objects.with_lines(), order__in=orders)


def _credit_note(token: UUID, number: str) -> CreditNote:
    orders = Order.objects.placed().of_guests().filter(token=token)
    return get_object_or_404(CreditNote.objects.with_lines(), invoice__order__in=orders, number=clean(number))


def _pdf(request: HttpRequest, found: Any, print_: Callable[[Any], bytes], *, page: str) -> HttpResponse:
    try:
        content = print_(found)
    except printing.CannotPrint:
        messages.error(request, _("We cannot make the PDF just now. You can print this page instead."))
        return redirect(page)
    return printing.download(content, found.number)
