"""How many VAT numbers one person can have the registry asked about, and what it told of one not long ago.

The registry is a public service that shuts out who asks too much, and a list of numbers is not to be found out through
the shop. Numbers are counted when they are typed, with the customer's billing details locked and before anybody is
asked: however many pages one person sends at once, they are counted one after the other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from .models import BillingDetails, NumberStatus, Outcome, TaxNumberCheck, TaxNumberTry

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# How many other numbers within how long.
LIMITS = ((HOUR, 10), (DAY, 30))
# One that was not answered is asked about again by the sweep.
RETRY_AFTER = HOUR
KEPT = timedelta(days=30)


class TooManyNumbers(Exception):
    """The customer typed too many numbers; `until` is when another one is taken."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Too many VAT numbers until {until.isoformat()}")
        self.until = until


def take(details: BillingDetails, *, now: datetime) -> None:
    """A customer typed another number; it stands on their locked details, which the caller saves. What the registry
    told of it within a day is taken over; one that is being asked about is left to the sweep; any other is noted and
    due for a question now. Raises TooManyNumbers."""
    answer = _told(details, now=now)
    if answer is not None:
        apply(details, answer)
        return
    before = details.tries.since(now - RETRY_AFTER).filter(tax_number=details.tax_number).first()
    if before is not None:
        details.next_check_at = before.at + RETRY_AFTER
        return
    _refuse_too_many(details, now=now)
    TaxNumberTry.objects.create(details=details, tax_number=details.tax_number, at=now)
    details.next_check_at = now


def apply(details: BillingDetails, answer: TaxNumberCheck) -> None:
    """What an answer of the registry means for the number, from the moment of the question on. Not saved."""
    match answer.outcome:
        case Outcome.VALID:
            details.number_status, details.checked_at = NumberStatus.VALID, answer.asked_at
            details.valid_until = answer.asked_at + timedelta(days=settings.TAX_NUMBER_TRUST_DAYS)
            details.next_check_at = answer.asked_at + timedelta(days=settings.TAX_NUMBER_RECHECK_DAYS)
        case Outcome.INVALID:
            details.number_status, details.checked_at = NumberStatus.INVALID, answer.asked_at
            details.valid_until = details.next_check_at = None
        case _:
            details.next_check_at = answer.asked_at + RETRY_AFTER


def forget(*, now: datetime) -> int:
    """Delete the tries that count no more; returns how many."""
    return TaxNumberTry.objects.filter(at__lt=now - KEPT).delete()[0]


def _told(details: BillingDetails, *, now: datetime) -> TaxNumberCheck | None:
    """The last answer, yes or no, of this day about the number."""
    told = details.checks.filter(tax_number=details.tax_number, asked_at__gt=now - DAY, asked_at__lte=now)
    return told.exclude(outcome=Outcome.UNAVAILABLE).first()


def _refuse_too_many(details: BillingDetails, *, now: datetime) -> None:
    for span, most in LIMITS:
        moments = list(details.tries.since(now - span).values_list("at", flat=True)[:most])
        if len(moments) == most:
            raise TooManyNumbers(moments[-1] + span)
