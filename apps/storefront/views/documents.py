"""Invoices and credit notes of the signed-in customer, to read and to download. Another customer's is not found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.billing import papers, printing
from apps.billing.models import CreditNote, Invoice

from .. import explanations
from ..signed_in import SignedInRequest

INVOICES_ON_A_PAGE = 24


@login_required
@require_safe
def invoices(request: SignedInRequest) -> HttpResponse:
    """All invoices with what corrects them, newest first."""
    found = Invoice.objects.of(request.user).prefetch_related("credit_notes")
    page = Paginator(found, INVOICES_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "storefront/account/invoices.html", {"page": page})


@login_required
@require_safe
def invoice(request: SignedInRequest, number: str) -> HttpResponse:
    """One invoice with the derivation of every line, its payments and what corrects it."""
    found = _invoice(request, number)
    with timezone.override(request.user.time_zone):
        explained = explanations.of(found)
    notes = [(note, reverse("credit_note", args=[note.number])) for note in found.credit_notes.order_by("pk")]
    context = {
        "paper": papers.of_invoice(found),
        "invoice": found,
        "payments": found.payments.select_related("card").order_by("attempt"),
        "credit_notes": notes,
        "explanations": explained,
    }
    return render(request, "storefront/account/invoice.html", context)


@login_required
@require_safe
def invoice_pdf(request: SignedInRequest, number: str) -> HttpResponse:
    """The invoice as PDF, in the customer's language."""
    return _pdf(request, _invoice(request, number), printing.invoice, page="invoice")


@login_required
@require_safe
def credit_note(request: SignedInRequest, number: str) -> HttpResponse:
    """One credit note, and where its money went."""
    found = _credit_note(request, number)
    context = {
        "paper": papers.of_credit_note(found),
        "credit_note": found,
        "refunds": found.refunds.select_related("payment__card").order_by("pk"),
    }
    return render(request, "storefront/account/credit_note.html", context)


@login_required
@require_safe
def credit_note_pdf(request: SignedInRequest, number: str) -> HttpResponse:
    """The credit note as PDF, in the customer's language."""
    return _pdf(request, _credit_note(request, number), printing.credit_note, page="credit_note")


def _invoice(request: SignedInRequest, number: str) -> Invoice:
    found = Invoice.objects.of(request.user).with_lines().filter(number=clean(number)).first()
    if found is None:
        raise Http404
    return found


def _credit_note(request: SignedInRequest, number: str) -> CreditNote:
    found = CreditNote.objects.of(request.user).with_lines().filter(number=clean(number)).first()
    if found is None:
        raise Http404
    return found


def clean(number: str) -> str:
    """PostgreSQL knows no text with a zero byte in it."""
    if "\x00" in number:
        raise Http404
    return number


def _pdf(request: SignedInRequest, found: Any, print_: Callable[[Any], bytes], *, page: str) -> HttpResponse:
    try:
        content = print_(found)
    except printing.CannotPrint:
        messages.error(request, _("We cannot make the PDF just now. You can print this page instead."))
        return redirect(page, found.number)
    return printing.download(content, found.number)
