"""One customer's contract on a price. `status` says what is true now; intent is a timestamp."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.periods import Period, boundary, period

from .plans import Plan, Price
from .statuses import BILLED, OPEN, CancelReason, EndReason, Origin, PauseKind, Status
from .subscription_guards import CONSTRAINTS
from .subscription_sets import SubscriptionQuerySet, read_terms


class Holding(NamedTuple):
    """What a membership is: a price, and how many of it."""

    price: Price
    quantity: int

    def __str__(self) -> str:
        return str(self.price) if self.quantity == 1 else f"{self.quantity} × {self.price}"


class Subscription(models.Model):
    """One customer's contract on a price. Periods are computed from `anchor` in `zone`; `period_number` counts from 0.

    A free plan has no period end and is never billed. `ends_at` is the intent to end: because the customer cancelled,
    or by itself, when it equals `term_ends_at`. `pending_price` and `pending_quantity` hold from the next period on;
    `changing_since` is set while an immediate plan change waits for its payment. `pause_at` is the intent to pause with
    the end of the paid period; `paused_at` is set while it is paused, `resumes_at` with either. A trial is the time
    before the anchor; period 0 begins when it ends. `end_announced_for` is the end that its customer was reminded of.
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
    end_announced_for = models.DateTimeField(_("end announced"), null=True, blank=True)
    changing_since = models.DateTimeField(_("plan change waiting since"), null=True, blank=True)
    pause_at = models.DateTimeField(_("pauses at"), null=True, blank=True)
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)
    resumes_at = models.DateTimeField(_("resumes at"), null=True, blank=True)
    pause_kind = models.CharField(_("kind of pause"), max_length=10, choices=PauseKind.choices, blank=True)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices, default=Origin.PURCHASE)
    comp_reason = models.CharField(_("why it is free"), max_length=300, blank=True)
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
            models.Index(fields=["pause_at"], condition=Q(pause_at__isnull=False), name="memberships_to_pause"),
            models.Index(fields=["resumes_at"], condition=Q(status="paused"), name="memberships_to_resume"),
        ]
        constraints = CONSTRAINTS

    def __str__(self) -> str:
        return f"{self.customer}: {self.plan} ({self.get_status_display()})"

    def is_open_at(self, now: datetime) -> bool:
        """Whether it grants its benefits at `now`."""
        not_ended = self.ends_at is None or now < self.ends_at
        return self.status in OPEN and not_ended and (self.pause_at is None or now < self.pause_at)

    @property
    def is_cancelling(self) -> bool:
        """Whether it ends because the customer asked for it: a gift, a complimentary one and an agreed term end by
        themselves."""
        wants_to_end = self.status in OPEN and self.ends_at is not None and self.term_ends_at is None
        return wants_to_end and self.origin == Origin.PURCHASE

    @property
    def is_paused(self) -> bool:
        return self.status == Status.PAUSED

    @property
    def is_bought(self) -> bool:
        """Whether the customer pays for it, again and again."""
        return self.origin == Origin.PURCHASE and not self.price.is_free

    @property
    def may_pause(self) -> bool:
        """Whether pausing is worth offering; what stands in the way at this moment is said when it is asked for."""
        may = self.is_bought and self.status == Status.ACTIVE and self.next_bill_at is not None
        return may and self.pause_at is None and self.term_ends_at is None and self.plan.max_pause_days > 0

    @property
    def is_gift(self) -> bool:
        return self.origin == Origin.GIFT

    @property
    def is_complimentary(self) -> bool:
        return self.origin == Origin.COMP

    @property
    def is_trial(self) -> bool:
        return self.status == Status.TRIALING

    @property
    def is_last_period(self) -> bool:
        """Whether the agreed term is over with the present period: it ends then, and nothing comes after it."""
        return self.term_ends_at is not None and self.term_ends_at == self.current_end

    @property
    def next_charge_at(self) -> datetime | None:
        """When it is charged next, after a pause that is planned or runs; None when it never is."""
        ends_first = self.is_last_period or (self.ends_at is not None and self.term_ends_at is None)
        return None if ends_first else self.resumes_at or self.next_bill_at

    @property
    def awaits_new_version(self) -> bool:
        """Whether the price that waits for the next period is another version of the present one."""
        waiting = self.pending_price
        return waiting is not None and waiting.plan_id == self.plan_id and waiting.rhythm == self.price.rhythm

    @property
    def has_pending_change(self) -> bool:
        """Whether a change that the customer chose waits for the next period; a new version of their price is none."""
        return self.pending_quantity is not None or (self.pending_price is not None and not self.awaits_new_version)

    @property
    def terms(self) -> tuple:
        """Everything about it that a renewal may change besides its period."""
        return read_terms(self)

    @property
    def holding(self) -> Holding:
        return Holding(self.price, self.quantity)

    @property
    def holding_next(self) -> Holding:
        """What it will be from the next period on."""
        return Holding(self.pending_price or self.price, self.quantity_next)

    @property
    def quantity_next(self) -> int:
        """How many of it there will be from the next period on."""
        return self.pending_quantity or self.quantity

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
