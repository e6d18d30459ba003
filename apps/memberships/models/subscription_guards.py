"""What the database itself refuses of a subscription, whoever writes it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from .statuses import BEGUN, HELD, OPEN, Origin, PauseKind, Status

CONSTRAINTS: list[models.BaseConstraint] = [
    models.UniqueConstraint(
        fields=["customer", "plan_group"], condition=Q(status__in=HELD), name="memberships_one_open_per_group"
    ),
    models.UniqueConstraint(
        fields=["customer", "plan_group"],
        condition=Q(status=Status.INCOMPLETE),
        name="memberships_one_incomplete_per_group",
    ),
    models.CheckConstraint(
        name="memberships_status_backed_by_dates",
        condition=Q(status=Status.INCOMPLETE, started_at=None, ended_at=None)
        | Q(status__in=HELD, started_at__isnull=False, ended_at=None)
        | Q(status=Status.ENDED, started_at__isnull=False, ended_at__isnull=False)
        | Q(status=Status.EXPIRED, started_at=None, ended_at__isnull=False),
    ),
    models.CheckConstraint(
        name="memberships_closed_has_reason_open_has_none",
        condition=(Q(status__in=[Status.ENDED, Status.EXPIRED]) & ~Q(end_reason=""))
        | (~Q(status__in=[Status.ENDED, Status.EXPIRED]) & Q(end_reason="")),
    ),
    models.CheckConstraint(
        name="memberships_billed_only_while_open",
        condition=Q(next_bill_at=None) | Q(status__in=OPEN, current_end__isnull=False, next_bill_at=F("current_end")),
    ),
    models.CheckConstraint(
        name="memberships_period_in_order",
        condition=Q(current_end=None) | Q(current_end__gt=F("current_start")),
    ),
    models.CheckConstraint(
        name="memberships_nothing_pending_when_closed",
        condition=Q(status__in=HELD) | Q(pending_price=None, changing_since=None),
    ),
    models.CheckConstraint(
        name="memberships_paused_with_dates",
        condition=Q(
            status=Status.PAUSED,
            paused_at__isnull=False,
            resumes_at__isnull=False,
            resumes_at__gt=F("paused_at"),
            pause_at=None,
            ends_at=None,
            next_bill_at=None,
            changing_since=None,
            pause_kind__in=PauseKind.values,
        )
        | Q(~Q(status=Status.PAUSED), paused_at=None, pause_at=None, resumes_at=None, pause_kind="")
        | Q(
            status__in=BEGUN,
            paused_at=None,
            pause_at__isnull=False,
            current_end__isnull=False,
            pause_at=F("current_end"),
            resumes_at__isnull=False,
            resumes_at__gt=F("pause_at"),
            pause_kind__in=PauseKind.values,
        ),
    ),
    models.CheckConstraint(
        name="memberships_only_bought_ones_pause",
        condition=Q(origin=Origin.PURCHASE) | Q(pause_at=None, paused_at=None, next_bill_at=None),
    ),
    models.CheckConstraint(
        name="memberships_complimentary_with_reason",
        condition=(Q(origin=Origin.COMP) & ~Q(comp_reason="")) | (~Q(origin=Origin.COMP) & Q(comp_reason="")),
    ),
    models.CheckConstraint(
        name="memberships_quantity_positive",
        condition=Q(quantity__gte=1) & (Q(pending_quantity=None) | Q(pending_quantity__gte=1, status__in=HELD)),
    ),
    models.CheckConstraint(
        name="memberships_term_ends_by_itself",
        condition=Q(term_ends_at=None) | Q(ends_at__isnull=False, ends_at=F("term_ends_at")),
    ),
    models.CheckConstraint(
        name="memberships_parked_with_reason",
        condition=Q(parked_at=None, parked_reason="") | (Q(parked_at__isnull=False) & ~Q(parked_reason="")),
    ),
    models.CheckConstraint(
        name="memberships_periods_left_of_promotion",
        condition=Q(promotion_periods_left=None) | Q(promotion__isnull=False, promotion_periods_left__gte=1),
    ),
]
