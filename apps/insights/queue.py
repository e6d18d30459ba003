"""What waits for a person: things the workers put aside because a machine must not decide them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from apps.billing.models import Dispute, Refund
from apps.campaigns.models import Enrollment, Outcome
from apps.core import sweeps
from apps.core.models import SweepRun
from apps.mail.models import Message
from apps.mail.models import Status as MailStatus
from apps.memberships.models import PricePromise

from . import queues


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many rows wait; `url` leads to their queue or list, empty where they have no page. `is_urgent`: money or
    service hangs on it."""

    label: str
    count: int
    url: str
    is_urgent: bool = False


def waiting(*, now: datetime) -> list[Waiting]:
    """Every queue, the urgent first; those with nothing in them too, so that staff see that nothing was forgotten."""
    rows = [
        Waiting(str(queue.label), queue.rows().count(), queue.url, is_urgent=queue.is_urgent) for queue in queues.ALL
    ]
    rows += [
        Waiting(
            _("Failed refunds"),
            Refund.objects.still_owed().count(),
            _list("billing_refund", status__exact=Refund.Status.FAILED),
            is_urgent=True,
        ),
        Waiting(
            _("Disputes to answer"),
            Dispute.objects.to_answer().count(),
            _list("billing_dispute", status__exact=Dispute.Status.NEEDS_RESPONSE),
            is_urgent=True,
        ),
        Waiting(
            _("Mails that could not be delivered"),
            Message.objects.waiting_for_a_person().count(),
            _list("mail_message", status__exact=MailStatus.FAILED),
            is_urgent=True,
        ),
        Waiting(
            _("Campaign letters that could not be written"),
            Enrollment.objects.waiting_for_a_person().count(),
            _list("campaigns_enrollment", outcome__exact=Outcome.ERROR),
            is_urgent=True,
        ),
        Waiting(
            _("Sweeps that failed"),
            _failing_sweeps(),
            _list("core_sweeprun", failed="yes"),
            is_urgent=True,
        ),
        Waiting(
            _("Price promises held"),
            PricePromise.objects.held().count(),
            _list("memberships_pricepromise", held="yes"),
            is_urgent=True,
        ),
    ]
    return sorted(rows, key=lambda row: not (row.is_urgent and row.count))


def _failing_sweeps() -> int:
    """Sweeps whose last run that left a trace failed. One query: the register names them, the log holds the rest."""
    names = {sweep.name for sweep in sweeps.in_order()}
    last = SweepRun.objects.latest_of_each().filter(sweep__in=names).values_list("error", flat=True)
    return sum(1 for error in last if error)


def _list(model: str, **filters: object) -> str:
    try:
        return f"{reverse(f'admin:{model}_changelist')}?{urlencode(filters)}"
    except NoReverseMatch:
        return ""
