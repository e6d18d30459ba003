"""What customers want on their invoices, and what the registry says of their VAT numbers."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.billing import billing_details
from apps.billing.models import BillingDetails, NumberStatus, TaxNumberCheck
from apps.core import clock

from .reading import DocumentAdmin, DocumentInline, leave

NUMBER_COLOURS = {
    NumberStatus.UNCHECKED.label: "info",
    NumberStatus.VALID.label: "success",
    NumberStatus.INVALID.label: "danger",
}


class CheckInline(DocumentInline):
    model = TaxNumberCheck
    fields = [
        "asked_at",
        "tax_number",
        "outcome",
        "name",
        "address",
        "consultation_number",
        "requester_number",
        "reason",
    ]
    readonly_fields = fields


@admin.register(BillingDetails)
class BillingDetailsAdmin(DocumentAdmin):
    list_display = ["customer", "company", "tax_number", "number_label", "checked_at", "valid_until", "next_check_at"]
    list_filter = ["number_status"]
    list_select_related = ["customer"]
    search_fields = ["customer__email", "company", "tax_number"]
    inlines = [CheckInline]
    fields = [
        ("customer", "company"),
        ("line1", "line2"),
        ("postcode", "city"),
        ("tax_number", "number_label"),
        ("checked_at", "valid_until", "next_check_at"),
        "updated_at",
    ]
    actions_detail = ["ask_registry"]

    @display(description=_("VAT number is"), ordering="number_status", label=NUMBER_COLOURS)
    def number_label(self, details: BillingDetails) -> str:
        return details.get_number_status_display()

    @action(
        description=_("Ask the registry"),
        url_path="ask",
        permissions=["act"],
        icon="quiz",
        dialog={
            "title": _("Ask the registry about this VAT number?"),
            "description": _("Its answer is kept, and decides from the next invoice on whether VAT is charged."),
            "form_submit_text": _("Ask the registry"),
        },
    )
    def ask_registry(self, request: HttpRequest, form, object_id: int) -> HttpResponse:
        check = billing_details.check(object_id, now=clock.now())
        if check is None:
            self.message_user(request, _text("There is no VAT number to ask about."), messages.WARNING)
        else:
            self.message_user(request, str(check), messages.SUCCESS)
        return leave(request, reverse("admin:billing_billingdetails_change", args=[object_id]))
