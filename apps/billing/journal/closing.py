"""Closing a month for good."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.billing.models import JournalBalance, JournalMonth, RevenueSchedule
from apps.billing.months import Month

from .export import digest
from .reading import of

# The advisory lock of billing_ledger_open_month(): shared by those who post, alone for whoever closes.
LOCK = 721_093


class CannotClose(Exception):
    """The month is not over, not the next one to close, closed already, or not wholly booked."""


@transaction.atomic
def close(month: Month, *, by: str, now: datetime) -> JournalMonth:
    """Close a month for good, and keep its balances and the digest of its export.

    Waits for postings under way, and holds up new ones for as long as it reads. Raises CannotClose, and closes nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    refuse_to_close(month, now=now)
    journal = of(month)
    closed = JournalMonth.objects.create(
        month=month.first_day, closed_at=now, closed_by=by[:254], digest=digest(journal)
    )
    JournalBalance.objects.bulk_create(
        JournalBalance(
            month=closed,
            account=total.account,
            currency=total.currency,
            documents=total.documents,
            opening_minor=total.opening,
            debit_minor=total.debit,
            credit_minor=total.credit,
            closing_minor=total.closing,
        )
        for total in journal.totals
    )
    return closed


def refuse_to_close(month: Month, *, now: datetime) -> None:
    """Raises CannotClose with the reason when a month cannot be closed at `now`."""
    last = JournalMonth.objects.latest_closed()
    if now < month.end:
        raise CannotClose(_("%(month)s is not over yet.") % {"month": month})
    if last is not None and month <= last.as_month:
        raise CannotClose(_("%(month)s is closed already.") % {"month": month})
    if last is not None and month != last.as_month.next:
        raise CannotClose(_("%(month)s has to be closed first.") % {"month": last.as_month.next})
    if RevenueSchedule.objects.due(month.end).exists():
        raise CannotClose(_("The workers have not recognised all revenue of %(month)s yet.") % {"month": month})
