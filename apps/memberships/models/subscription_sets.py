"""Which subscriptions are due for what, and writing many of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

from django.db import connection, models
from django.db.models import Exists, F, Min, OuterRef, Q

from apps.billing.models import Invoice

from .statuses import BILLED, HELD, OPEN, Origin, Status

if TYPE_CHECKING:
    from apps.accounts.models import User

    from .subscriptions import Subscription

# What every renewal writes of a subscription, and what only some do; by column, its type in the database.
_POSITION = {
    "period_number": "integer",
    "current_start": "timestamptz",
    "current_end": "timestamptz",
    "next_bill_at": "timestamptz",
}
_TERMS = {
    "price_id": "bigint",
    "plan_id": "bigint",
    "pending_price_id": "bigint",
    "quantity": "integer",
    "pending_quantity": "integer",
    "status": "varchar",
    "ends_at": "timestamptz",
    "term_ends_at": "timestamptz",
    "anchor": "timestamptz",
    "promotion_id": "bigint",
    "promotion_periods_left": "integer",
}
read_terms = attrgetter(*_TERMS)


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def open(self) -> SubscriptionQuerySet:
        return self.filter(status__in=OPEN)

    def held(self) -> SubscriptionQuerySet:
        """Contracts that are not over, the paused ones too."""
        return self.filter(status__in=HELD)

    def open_at(self, now: datetime) -> SubscriptionQuerySet:
        """Subscriptions that grant their benefits at `now`; one with an overdue payment still does."""
        not_ended = Q(ends_at=None) | Q(ends_at__gt=now)
        return self.open().filter(not_ended, Q(pause_at=None) | Q(pause_at__gt=now))

    def current_of(self, customer: User, *, group: str = "membership") -> Subscription | None:
        """The customer's subscription of the group that is not over, maybe paused, with plan and prices; or None."""
        return (
            self.held()
            .filter(customer=customer, plan_group=group)
            .select_related("plan", "price__plan", "pending_price__plan", "promotion", "customer")
            .first()
        )

    def due(self, now: datetime) -> SubscriptionQuerySet:
        """To be billed at `now`, oldest period first.

        Not billed: what is parked, what ends at or before the period's start, what waits for an overdue payment (the
        next period is billed when that is paid), what waits for the payment of a plan change, what is to pause when
        the period begins, and a trial whose end was not announced to the customer.
        """
        return self._billable().filter(next_bill_at__lte=now).order_by("next_bill_at", "pk")

    def _billable(self) -> SubscriptionQuerySet:
        return self.filter(
            Q(ends_at=None) | Q(ends_at__gt=F("next_bill_at")),
            ~Q(status=Status.TRIALING) | Q(trial_noticed_at__isnull=False),
            status__in=BILLED,
            next_bill_at__isnull=False,
            parked_at=None,
            changing_since=None,
            pause_at=None,
        )

    def to_pause(self, now: datetime) -> SubscriptionQuerySet:
        """Whose planned pause is to begin."""
        return self.pausing().filter(pause_at__lte=now).order_by("pause_at", "pk")

    def pausing(self) -> SubscriptionQuerySet:
        """With a planned pause that nothing stands in the way of.

        What was billed is settled first, so that a paused membership owes nothing; one that ends does not pause.
        """
        return self.filter(
            Q(ends_at=None) | Q(ends_at__gt=F("pause_at")),
            ~Exists(Invoice.objects.open().filter(periods__subscription=OuterRef("pk"))),
            status=Status.ACTIVE,
            pause_at__isnull=False,
            parked_at=None,
        )

    def to_resume(self, now: datetime) -> SubscriptionQuerySet:
        """Whose pause is over."""
        return self.resuming().filter(resumes_at__lte=now).order_by("resumes_at", "pk")

    def resuming(self) -> SubscriptionQuerySet:
        """Paused, and to be resumed by the workers on their date."""
        return self.filter(status=Status.PAUSED, parked_at=None)

    def trials_to_announce(self) -> SubscriptionQuerySet:
        """Trials that will be charged for and whose customer was not told so yet, the first to end first."""
        return self.filter(
            Q(ends_at=None) | Q(ends_at__gt=F("next_bill_at")),
            status=Status.TRIALING,
            trial_noticed_at=None,
            parked_at=None,
        ).order_by("next_bill_at", "pk")

    def to_end(self, now: datetime) -> SubscriptionQuerySet:
        """Whose service is over; one that could not be ended is parked."""
        return self.open().filter(ends_at__lte=now, parked_at=None).order_by("ends_at", "pk")

    def ends_to_announce(self, *, ahead: timedelta) -> SubscriptionQuerySet:
        """What ends by itself and whose customer was not reminded of that end so far: gifts, what was given with our
        compliments, and agreed terms. Whoever cancelled, or chose how to go on, needs no reminder, nor does one whose
        membership began within so long before its end: that letter said it just now."""
        return self.filter(
            ~Q(origin=Origin.PURCHASE) | Q(term_ends_at__isnull=False),
            started_at__lt=F("ends_at") - ahead,
            status=Status.ACTIVE,
            ends_at__isnull=False,
            parked_at=None,
            changing_since=None,
        ).exclude(end_announced_for=F("ends_at"))

    def next_bill(self) -> datetime | None:
        """When the next subscription is due; may lie in the past."""
        return self._billable().aggregate(at=Min("next_bill_at"))["at"]

    def next_end(self) -> datetime | None:
        """When the next cancelled subscription ends."""
        return self.open().filter(parked_at=None).aggregate(at=Min("ends_at"))["at"]

    def parked(self) -> SubscriptionQuerySet:
        return self.filter(parked_at__isnull=False).order_by("parked_at")

    def advance(self, moved: Iterable[Subscription], *, terms_before: Mapping[int, tuple]) -> None:
        """Write many subscriptions that went into their next period, in two statements, whatever their number.

        `terms_before` are the terms of each, by its key, as they were read. Of most nothing changed but the period, and
        writing that alone takes half of the time.
        """
        rows = list(moved)
        self._write([row for row in rows if row.terms == terms_before[row.pk]], _POSITION)
        self._write([row for row in rows if row.terms != terms_before[row.pk]], _POSITION | _TERMS)

    def _write(self, rows: Sequence[Subscription], columns: Mapping[str, str]) -> None:
        if not rows:
            return
        assignments = ", ".join(f"{name} = v.{name}" for name in columns)
        arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {self.model._meta.db_table} s SET {assignments} "  # noqa: S608 (names are constants)
                f"FROM unnest(%s::bigint[], {arrays}) AS v(id, {', '.join(columns)}) WHERE s.id = v.id",
                [[row.pk for row in rows], *([getattr(row, name) for row in rows] for name in columns)],
            )
