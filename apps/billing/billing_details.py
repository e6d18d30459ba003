"""Billing details of customers, and asking the registry about their VAT numbers.

A number frees its owner from tax only while the registry's yes is on record. Where nobody answers, VAT is charged; the
question is put again by the sweep, and the answer holds from the next invoice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from apps.accounts.models import User

from . import emails, number_tries, tax_numbers, vat_registry
from .models import BillingDetails, NumberStatus, Outcome, Seller, TaxNumberCheck
from .number_tries import TooManyNumbers
from .vat_registry import Answer, Invalid, Unavailable, Valid

__all__ = ["NumberOfNobody", "TooManyNumbers", "check", "check_due", "check_if_needed", "next_check", "save"]

BATCH = 20
# Longer than a batch takes in which every question runs into its timeout.
LEASE = timedelta(minutes=15)


class NumberOfNobody(ValueError):
    """A tax number without the company and the address it belongs to."""


@transaction.atomic
def save(
    customer: User,
    *,
    now: datetime,
    company: str = "",
    line1: str = "",
    line2: str = "",
    postcode: str = "",
    city: str = "",
    tax_number: str = "",
) -> BillingDetails:
    """Keep what the customer wants on their invoices from now on. Issued ones stay as they are.

    The number is stored as `tax_numbers.normalise` writes it; another one than before has to be checked anew, unless
    the registry told of it within a day. Raises tax_numbers.NotATaxNumber, NumberOfNobody for a number without company,
    street and city, and TooManyNumbers.
    """
    if tax_number and not (company and line1 and city):
        raise NumberOfNobody("A tax number needs the company and its address")
    number = tax_numbers.normalise(tax_number, country=customer.country) if tax_number else ""
    facts = {"company": company, "line1": line1, "line2": line2, "postcode": postcode, "city": city}
    details, _created = BillingDetails.objects.select_for_update().get_or_create(
        customer=customer, defaults={"updated_at": now}
    )
    for name, value in facts.items():
        setattr(details, name, value)
    if details.tax_number != number:
        details.tax_number = number
        details.number_status = NumberStatus.UNCHECKED
        details.checked_at = details.valid_until = details.next_check_at = None
        if number and tax_numbers.in_union(customer.country):
            number_tries.take(details, now=now)
    details.updated_at = now
    details.save()
    return details


def check_if_needed(details: BillingDetails, *, now: datetime) -> TaxNumberCheck | None:
    """Ask about a number that somebody has just typed, unless its registration is known or changes nothing.

    Talks to the registry: never call it inside a transaction.
    """
    seller = Seller.objects.current()
    waits = BillingDetails.objects.to_check(now, seller_country=seller.country).filter(pk=details.pk).exists()
    return check(details.pk, now=now) if waits else None


def check(details_id: int, *, now: datetime) -> TaxNumberCheck | None:
    """Ask the registry about a customer's number and keep the answer with its proof; None when there is no number.

    An answer about a number that was changed meanwhile, or older than the one we have, is kept and changes nothing.
    Talks to the registry: never call it inside a transaction.
    """
    number = BillingDetails.objects.values_list("tax_number", flat=True).get(pk=details_id)
    if not number:
        return None
    requester = _requester(Seller.objects.current())
    answer = vat_registry.get().check(number, requester=requester)
    return _note(details_id, number, requester, answer, now=now)


def check_due(*, now: datetime) -> int:
    """Ask about every number whose time has come; returns how many. Customers are told of a change.

    A batch in which nobody answered is the last: the rest waits until the registry is back.
    """
    handled = 0
    while claimed := _claim(now=now):
        outcomes = [_check_claimed(details, now=now) for details in claimed]
        handled += len(claimed)
        if all(outcome == Outcome.UNAVAILABLE for outcome in outcomes):
            break
    return handled


def next_check(*, now: datetime) -> datetime | None:
    """When the next number is to be asked about, or None."""
    return BillingDetails.objects.next_check(seller_country=Seller.objects.current().country)


@transaction.atomic
def _claim(*, now: datetime) -> list[BillingDetails]:
    """Up to a batch of details to ask about, put off by a lease so that no other worker asks too."""
    seller = Seller.objects.current()
    due = BillingDetails.objects.to_check(now, seller_country=seller.country)
    rows = list(due.select_for_update(skip_locked=True, of=("self",))[:BATCH])
    BillingDetails.objects.filter(pk__in=[row.pk for row in rows]).update(next_check_at=now + LEASE)
    return rows


def _check_claimed(before: BillingDetails, *, now: datetime) -> str:
    check_made = check(before.pk, now=now)
    if check_made is None:
        return ""
    after = BillingDetails.objects.select_related("customer").get(pk=before.pk)
    if after.tax_number == before.tax_number and after.number_status != before.number_status:
        emails.tax_number_checked(after, check_made, now=now)
    return check_made.outcome


@transaction.atomic
def _note(details_id: int, number: str, requester: str, answer: Answer, *, now: datetime) -> TaxNumberCheck:
    details = BillingDetails.objects.select_for_update().get(pk=details_id)
    evidence = _evidence(details, number, requester, answer, now=now)
    is_overtaken = details.checked_at is not None and details.checked_at > now
    if details.tax_number != number or is_overtaken:
        return evidence
    number_tries.apply(details, evidence)
    details.save()
    return evidence


def _evidence(details: BillingDetails, number: str, requester: str, answer: Answer, *, now: datetime) -> TaxNumberCheck:
    check = TaxNumberCheck(details=details, tax_number=number, requester_number=requester, asked_at=now)
    match answer:
        case Valid():
            check.outcome = Outcome.VALID
            check.name, check.address = answer.name[:300], answer.address
            check.consultation_number = answer.consultation_number[:60]
        case Invalid():
            check.outcome = Outcome.INVALID
            check.consultation_number = answer.consultation_number[:60]
        case Unavailable():
            check.outcome, check.reason = Outcome.UNAVAILABLE, answer.reason[:300]
    check.save()
    return check


def _requester(seller: Seller) -> str:
    """The seller's own number as the registry wants it; empty when it has none of the right form."""
    try:
        number = tax_numbers.normalise(seller.tax_number, country=seller.country)
    except tax_numbers.NotATaxNumber:
        return ""
    return number if tax_numbers.in_union(seller.country) else ""
