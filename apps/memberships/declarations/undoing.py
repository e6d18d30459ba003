"""The link in the letter: whoever reads the mail of the address takes the declaration back, or does not want to
wait."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.memberships.errors import NothingToChange
from apps.memberships.models import Handling, HandlingStatus
from apps.memberships.services import cancelling

from . import emails, handling, lifecycle

BY_LINK = "link in the letter"


@transaction.atomic
def undo(secret: UUID, *, now: datetime) -> Handling:
    """Take a declaration back: nothing ends, and what was stopped goes on. Safe to repeat.

    Raises Handling.DoesNotExist for another's secret, and NothingToChange when it is too late.
    """
    row = handling.locked(Handling.objects.values_list("pk", flat=True).get(secret=secret))
    if row.status == HandlingStatus.UNDONE:
        return row
    if not row.may_undo:
        raise NothingToChange(_("This cannot be undone any more."))
    subscription = row.subscription
    if row.held and subscription is not None and subscription.is_cancelling:
        cancelling.undo_cancel(subscription.pk, customer=subscription.customer, actor=BY_LINK, now=now)
    lifecycle.undo(row, actor=BY_LINK, now=now)
    emails.undone(row, now=now)
    return row


@transaction.atomic
def confirm(secret: UUID, *, now: datetime) -> Handling:
    """Carry out now what waits for an objection. Safe to repeat. Raises Handling.DoesNotExist and Refused."""
    row = handling.locked(Handling.objects.values_list("pk", flat=True).get(secret=secret))
    if row.status == HandlingStatus.DONE:
        return row
    if row.status != HandlingStatus.WAITING:
        raise NothingToChange(_("There is nothing that waits for you."))
    return handling.carry_out(row.pk, actor=BY_LINK, now=now)
