"""One customer's contract on a price. `status` says what is true now; intent is a timestamp."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.db import connection, models
from django.db.models import F, Min, Q
from django.utils.translation import gettext_lazy as _

from apps.core.periods import Period, boundary, period

from .plans import Plan, Price

if TYPE_CHECKING:
    from apps.accounts.models import User


class Status(models.TextChoices):
    INCOMPLETE = "incomplete", _("waiting for the first payment")
    TRIALING = "trialing", _("free trial")
    ACTIVE = "active", _("active")
    PAST_DUE = "past_due", _("payment overdue")
    ENDED = "ended", _("ended")
    EXPIRED = "expired", _("never started")


OPEN = (Status.ACTIVE, Status.PAST_DUE, Status.TRIALING)
BILLED = (Status.ACTIVE, Status.TRIALING)


class Holding(NamedTuple):
    """What a membership is: a price, and how many of it."""

    price: Price
    quantity: int

    def __str__(self) -> str:
        return str(self.price) if self.quantity == 1 else f"{self.quantity} × {self.price}"


class CancelReason(models.TextChoices):
    TOO_EXPENSIVE = "too_expensive", _("It costs too much for me")
    NOT_USING = "not_using", _("I do not use it enough")
    MISSING_FEATURES = "missing_features", _("Something I need is missing")
    TECHNICAL = "technical", _("Something did not work")
    MOVING = "moving", _("I am moving or have no garden any more")
    OTHER = "other", _("Another reason")


class EndReason(models.TextChoices):
    CANCELLED = "cancelled", _("cancelled by the customer")
    TERM = "term", _("the agreed term was over")
    PAYMENT = "payment", _("payment could not be collected")
    UPGRADED = "upgraded", _("replaced by another plan")
    STAFF = "staff", _("ended by staff")
    FIRST_PAYMENT = "first_payment", _("the first payment did not succeed")
    ABANDONED = "abandoned", _("the sign-up was not finished")


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def open(self) -> SubscriptionQuerySet:
        return self.filter(status__in=OPEN)

    def open_at(self, now: datetime) -> SubscriptionQuerySet:
        """Subscriptions that grant their benefits at `now`; one with an overdue payment still does."""
        return self.open().filter(Q(ends_at=None) | Q(ends_at__gt=now))

    def current_of(self, customer: User, *, group: str = "membership") -> Subscription | None:
        """The customer's open subscription of the group with plan and prices, or None."""
        return (
            self.open()
            .filter(customer=customer, plan_group=group)
            .select_related("plan", "price__plan", "pending_price__plan", "promotion", "customer")
            .first()
        )

    def due(self, now: datetime) -> SubscriptionQuerySet:
        """To be billed at `now`, oldest period first.

        Not billed: what is parked, what ends at or before the period's start, what waits for an overdue payment (the
        next period is billed when that is paid), what waits for the payment of a plan change, and a trial whose end was
        not announced to the customer.
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
        )

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

    def next_bill(self) -> datetime | None:
        """When the next subscription is due; may lie in the past."""
        return self._billable().aggregate(at=Min("next_bill_at"))["at"]

    def next_end(self) -> datetime | None:
        """When the next cancelled subscription ends."""
        return self.open().filter(parked_at=None).aggregate(at=Min("ends_at"))["at"]

    def parked(self) -> SubscriptionQuerySet:
        return self.filter(parked_at__isnull=False).order_by("parked_at")

    def advance(self, moved: Iterable[Subscription]) -> None:
        """Write the billing position of many subscriptions in one statement, whatever their number."""
        rows = list(moved)
        columns = [
            ("bigint", "pk"), ("bigint", "price_id"), ("bigint", "plan_id"), ("bigint", "pending_price_id"),
            ("integer", "quantity"), ("integer", "pending_quantity"), ("varchar", "status"),
            ("timestamptz", "ends_at"), ("timestamptz", "term_ends_at"), ("timestamptz", "anchor"),
            ("integer", "period_number"), ("timestamptz", "current_start"),
            ("timestamptz", "current_end"), ("timestamptz", "next_bill_at"), ("bigint", "promotion_id"),
            ("integer", "promotion_periods_left"),
        ]  # fmt: skip
        names = ["id", *(name for _type, name in columns[1:])]
        assignments = ", ".join(f"{name} = v.{name}" for name in names[1:])
        arrays = ", ".join(f"%s::{kind}[]" for kind, _name in columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {self.model._meta.db_table} s SET {assignments} "  # noqa: S608 (names are constants above)
                f"FROM unnest({arrays}) AS v({', '.join(names)}) WHERE s.id = v.id",
                [[getattr(row, name) for row in rows] for _type, name in columns],
            )


class Subscription(models.Model):
    """One customer's contract on a price. Periods are computed from `anchor` in `zone`; `period_number` counts from 0.

    A free plan has no period end and is never billed. `ends_at` is the intent to end: because the customer cancelled,
    or by itself, when it equals `term_ends_at`. `pending_price` and `pending_quantity` hold from the next period on;
    `changing_since` is set while an immediate plan change waits for its payment. A trial is the time before the anchor;
    period 0 begins when it ends.
    """

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="subscriptions")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="subscriptions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    plan_group = models.SlugField(_("group"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.INCOMPLETE)
    anchor = models.DateTimeField(_("anchor"))
    zone = models.CharField(_("time zone"), max_length=64)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    period_number = models.PositiveIntegerField(_("period number"), default=0)
    current_start = models.DateTimeField(_("period start"))
    current_end = models.DateTimeField(_("period end"), null=True, blank=True)
    next_bill_at = models.DateTimeField(_("next bill"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    pending_price = models.ForeignKey(
        Price, on_delete=models.PROTECT, null=True, blank=True, related_name="pending_subscriptions"
    )
    pending_quantity = models.PositiveIntegerField(_("quantity from the next period on"), null=True, blank=True)
    term_ends_at = models.DateTimeField(_("end of the agreed term"), null=True, blank=True)
    trial_noticed_at = models.DateTimeField(_("end of the trial announced at"), null=True, blank=True)
    changing_since = models.DateTimeField(_("plan change waiting since"), null=True, blank=True)
    promotion = models.ForeignKey(
        "promotions.Promotion", on_delete=models.PROTECT, null=True, blank=True, related_name="subscriptions"
    )
    promotion_periods_left = models.PositiveIntegerField(_("discounted periods left"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    end_reason = models.CharField(_("reason of the end"), max_length=20, choices=EndReason.choices, blank=True)
    cancel_reason = models.CharField(
        _("why the customer leaves"), max_length=20, choices=CancelReason.choices, blank=True
    )
    cancel_note = models.TextField(_("in the customer's words"), blank=True)
    parked_at = models.DateTimeField(_("parked at"), null=True, blank=True)
    parked_reason = models.TextField(_("why it is parked"), blank=True)
    created_at = models.DateTimeField(_("created at"))

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["next_bill_at", "id"],
                condition=Q(status__in=BILLED, parked_at=None, changing_since=None, next_bill_at__isnull=False),
                name="memberships_due",
            ),
            models.Index(
                fields=["next_bill_at", "id"],
                condition=Q(status="trialing", trial_noticed_at=None),
                name="memberships_trials_to_tell",
            ),
            models.Index(
                fields=["ends_at"], condition=Q(status__in=OPEN, ends_at__isnull=False), name="memberships_to_end"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "plan_group"], condition=Q(status__in=OPEN), name="memberships_one_open_per_group"
            ),
            models.UniqueConstraint(
                fields=["customer", "plan_group"],
                condition=Q(status=Status.INCOMPLETE),
                name="memberships_one_incomplete_per_group",
            ),
            models.CheckConstraint(
                name="memberships_status_backed_by_dates",
                condition=Q(status=Status.INCOMPLETE, started_at=None, ended_at=None)
                | Q(status__in=OPEN, started_at__isnull=False, ended_at=None)
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
                condition=Q(next_bill_at=None)
                | Q(status__in=OPEN, current_end__isnull=False, next_bill_at=F("current_end")),
            ),
            models.CheckConstraint(
                name="memberships_period_in_order",
                condition=Q(current_end=None) | Q(current_end__gt=F("current_start")),
            ),
            models.CheckConstraint(
                name="memberships_nothing_pending_when_closed",
                condition=Q(status__in=OPEN) | Q(pending_price=None, changing_since=None),
            ),
            models.CheckConstraint(
                name="memberships_quantity_positive",
                condition=Q(quantity__gte=1) & (Q(pending_quantity=None) | Q(pending_quantity__gte=1, status__in=OPEN)),
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

    def __str__(self) -> str:
        return f"{self.customer}: {self.plan} ({self.get_status_display()})"

    def is_open_at(self, now: datetime) -> bool:
        """Whether it grants its benefits at `now`."""
        return self.status in OPEN and (self.ends_at is None or now < self.ends_at)

    @property
    def is_cancelling(self) -> bool:
        return self.status in OPEN and self.ends_at is not None and self.term_ends_at is None

    @property
    def is_trial(self) -> bool:
        return self.status == Status.TRIALING

    @property
    def is_last_period(self) -> bool:
        """Whether the agreed term is over with the present period: it ends then, and nothing comes after it."""
        return self.term_ends_at is not None and self.term_ends_at == self.current_end

    @property
    def has_pending_change(self) -> bool:
        return self.pending_price_id is not None or self.pending_quantity is not None

    @property
    def holding(self) -> Holding:
        return Holding(self.price, self.quantity)

    @property
    def holding_next(self) -> Holding:
        """What it will be from the next period on."""
        return Holding(self.pending_price or self.price, self.pending_quantity or self.quantity)

    def natural_end(self) -> datetime | None:
        """When it ends by itself, from the anchor; None for a price that renews until cancelled, and when the price
        that waits for the next period begins a term of its own, or none."""
        term = self.price.term_periods
        if term is None or (self.pending_price is not None and self.pending_price.rhythm != self.price.rhythm):
            return None
        return boundary(self.anchor, term, self.price.interval, self.zone)

    def end_by_itself(self) -> None:
        """Let it end when its price says, and not before; a cancellation is forgotten. Does not save."""
        self.ends_at = self.term_ends_at = self.natural_end()

    def current_period(self) -> Period:
        """The current period, from the anchor; not for a trial, which comes before the first one."""
        return period(self.anchor, self.period_number, self.price.interval, self.zone)

    def begins_next(self) -> datetime:
        """The instant the next period begins. Raises ValueError for a subscription without one, such as a free one."""
        if self.next_bill_at is None:
            raise ValueError(f"Subscription {self.pk} has no next period")
        return self.next_bill_at

    def use_discounted_period(self) -> None:
        """Count one discounted period; after the last one the promotion is over. Does not save."""
        if self.promotion_periods_left is None:
            return
        if self.promotion_periods_left > 1:
            self.promotion_periods_left -= 1
        else:
            self.promotion = None
            self.promotion_periods_left = None
