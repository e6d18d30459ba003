"""What billing holds of a person. The books and the invoices stay, as tax law asks: name and address as printed on
them, which Directive 2006/112/EC, Art. 226 demands, and nothing beyond."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.core import privacy
from apps.core.money import Money
from apps.core.privacy import Person, Row, rows

from . import cards, webhooks
from .models import (
    BillingDetails,
    Card,
    CreditAccount,
    CreditEntry,
    CreditNote,
    Dispute,
    Invoice,
    InvoiceLine,
    NumberStatus,
    Payment,
    Profile,
    Refund,
    TaxNumberTry,
)

_TAX = _("To account for it, for ten years, as tax law asks.")


@privacy.exports("billing-details", title=_("Billing details"), why=_("To print them on your invoices."))
def billing_details(person: Person) -> list[Row]:
    fields = ["company", "line1", "line2", "postcode", "city", "tax_number", "number_status", "updated_at"]
    return rows(BillingDetails.objects.filter(customer=person.id), *fields)


@privacy.exports("invoices", title=_("Invoices"), why=_TAX)
def invoices(person: Person) -> list[Row]:
    fields = ["number", "status", "reason", "currency", "total_minor", "tax_minor", "credit_applied_minor", "due_minor"]
    printed = ["customer_name", "customer_email", "customer_country", "customer_company", "customer_address"]
    times = ["customer_tax_number", "issued_at", "paid_at", "voided_at"]
    return rows(Invoice.objects.filter(customer=person.id), *fields, *printed, *times)


@privacy.exports("invoice-lines", title=_("Lines of invoices"), why=_TAX)
def invoice_lines(person: Person) -> list[Row]:
    fields = ["invoice__number", "kind", "description", "quantity", "amount_minor", "tax_minor", "tax_basis_points"]
    return rows(InvoiceLine.objects.filter(invoice__customer=person.id), *fields, "period_start", "period_end")


@privacy.exports("credit-notes", title=_("Credit notes"), why=_TAX)
def credit_notes(person: Person) -> list[Row]:
    fields = ["number", "invoice__number", "settlement", "reason", "currency", "total_minor", "tax_minor", "issued_at"]
    return rows(CreditNote.objects.filter(customer=person.id), *fields)


@privacy.exports("payments", title=_("Payments"), why=_TAX)
def payments(person: Person) -> list[Row]:
    """Without numbers of cards, which the shop never sees."""
    fields = ["invoice__number", "attempt", "status", "currency", "amount_minor", "card__brand", "card__last4"]
    return rows(Payment.objects.filter(invoice__customer=person.id), *fields, "message", "created_at", "settled_at")


@privacy.exports("refunds", title=_("Refunds"), why=_TAX)
def refunds(person: Person) -> list[Row]:
    fields = ["payment__invoice__number", "status", "currency", "amount_minor", "reason", "created_at", "settled_at"]
    return rows(Refund.objects.filter(payment__invoice__customer=person.id), *fields)


@privacy.exports("credit", title=_("Credit"), why=_("To know what we owe you."))
def credit(person: Person) -> list[Row]:
    return rows(CreditEntry.objects.filter(customer=person.id), "currency", "amount_minor", "reason", "at")


@privacy.exports("cards", title=_("Cards"), why=_("So that you recognise the one that is charged."))
def saved_cards(person: Person) -> list[Row]:
    fields = ["brand", "last4", "exp_month", "exp_year", "created_at", "detached_at"]
    return rows(Card.objects.filter(profile__user=person.id), *fields)


@privacy.obstacle
def open_money(person: Person) -> list[str]:
    found = []
    if Invoice.objects.open().filter(customer=person.id).exists():
        found.append(_text("An invoice is not paid yet. Pay it, or cancel what it is for."))
    if Payment.objects.open().filter(invoice__customer=person.id).exists():
        found.append(_text("A payment is on its way. Wait until it is settled."))
    pending = Refund.objects.filter(payment__invoice__customer=person.id, settled_at=None)
    owed = Refund.objects.still_owed().filter(payment__invoice__customer=person.id)
    if pending.exists() or owed.exists():
        found.append(_text("Money is on its way back to you. Wait until it has arrived."))
    if any(not dispute.is_closed for dispute in Dispute.objects.filter(payment__invoice__customer=person.id)):
        found.append(_text("Your bank has not decided about a payment that was disputed."))
    for account in CreditAccount.objects.filter(customer=person.id, balance_minor__gt=0):
        balance = Money(account.balance_minor, account.currency)
        found.append(
            _text("You have %(balance)s of credit. Use it, or write to us to have it paid out.") % {"balance": balance}
        )
    return found


@privacy.erases_outside
def forget_at_the_gateway(person: Person, *, now: datetime) -> None:
    """At the gateway no card stays attached, and nothing names the customer."""
    profile = Profile.objects.select_related("user").filter(user=person.id).first()
    if profile is not None:
        for card in Card.objects.of(profile.user):
            cards.detach(profile.user, card.pk, now=now)
        cards.forget_customer(profile.user)


@privacy.erases
def forget(person: Person, *, now: datetime) -> None:
    Invoice.objects.filter(customer=person.id).update(customer_email=person.alias)
    BillingDetails.objects.filter(customer=person.id).update(
        company="", line1="", line2="", postcode="", city="", tax_number="",
        number_status=NumberStatus.UNCHECKED, checked_at=None, valid_until=None, next_check_at=None, updated_at=now,
    )  # fmt: skip
    TaxNumberTry.objects.filter(details__customer=person.id).delete()
    Card.objects.filter(profile__user=person.id).update(fingerprint="")
    profile = Profile.objects.filter(user=person.id).exclude(gateway_customer_id=None).first()
    if profile is not None and profile.gateway_customer_id:
        webhooks.forget(profile.gateway_customer_id)
