"""Rehearsals of the coming days, what was odd in them, and what counts as odd."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn


class RehearsalQuerySet(models.QuerySet["Rehearsal"]):
    def open(self) -> RehearsalQuerySet:
        """Asked for and not over yet."""
        return self.filter(status__in=[Rehearsal.Status.REQUESTED, Rehearsal.Status.RUNNING])

    def claimable(self, now: datetime) -> RehearsalQuerySet:
        """For a worker to take up: asked for, or left behind by a worker that was lost. Oldest first."""
        return self.filter(
            Q(status=Rehearsal.Status.REQUESTED) | Q(status=Rehearsal.Status.RUNNING, lease_until__lte=now)
        ).order_by("pk")

    def done(self) -> RehearsalQuerySet:
        """With a result, newest first."""
        return self.filter(status=Rehearsal.Status.DONE).order_by("-pk")

    def before(self, rehearsal: Rehearsal) -> Rehearsal | None:
        """The last one with a result before this one."""
        return self.done().filter(pk__lt=rehearsal.pk).first()


class Rehearsal(models.Model):
    """One rehearsal: the row is the intent, a worker carries it out. `since` and `until` are the days lived through, on
    the shop's clock; `summary` as `rehearsal.outcome.summary` makes it."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("requested")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.REQUESTED)
    days = models.PositiveSmallIntegerField(_("days"))
    decline_basis_points = models.PositiveIntegerField(_("declined charges, basis points"), default=0)
    seed = models.PositiveIntegerField(_("seed"), default=0)
    requested_by = models.CharField(_("asked for by"), max_length=254)
    requested_at = models.DateTimeField(_("asked for"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    since = models.DateTimeField(_("from"), null=True, blank=True)
    reached = models.DateTimeField(_("reached"), null=True, blank=True)
    until = models.DateTimeField(_("to"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    summary = models.JSONField(_("result"), default=dict)
    error = models.TextField(_("error"), blank=True)

    objects = RehearsalQuerySet.as_manager()

    class Meta:
        verbose_name = _("rehearsal")
        verbose_name_plural = _("rehearsals")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                Value(1), condition=Q(status__in=["requested", "running"]), name="insights_one_rehearsal_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["requested", "running", "done", "failed"]), name="insights_rehearsal_status"
            ),
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=366), name="insights_rehearsal_days"),
            models.CheckConstraint(
                condition=Q(decline_basis_points__lte=10_000), name="insights_rehearsal_declines_are_a_share"
            ),
            models.CheckConstraint(
                condition=Q(status="running", lease_until__isnull=False)
                | (~Q(status="running") & Q(lease_until__isnull=True)),
                name="insights_only_running_is_leased",
            ),
            models.CheckConstraint(
                condition=~Q(status="done")
                | Q(since__isnull=False, until__isnull=False, finished_at__isnull=False, error=""),
                name="insights_done_has_a_result",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | (Q(finished_at__isnull=False) & ~Q(error="")),
                name="insights_failed_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requested_at:%Y-%m-%d %H:%M} + {self.days}"

    @property
    def is_open(self) -> bool:
        return self.status in (self.Status.REQUESTED, self.Status.RUNNING)

    @property
    def percent(self) -> int:
        """How much of its days has been lived through."""
        if self.status == self.Status.DONE:
            return 100
        if self.since is None or self.reached is None:
            return 0
        return min(100, 100 * (self.reached - self.since) // timedelta(days=self.days))


class Anomaly(models.Model):
    """Something odd that a rehearsal found. `key` names the same thing in every rehearsal; `at` is when it would
    happen, empty for what is so already."""

    rehearsal = models.ForeignKey(
        Rehearsal, on_delete=models.CASCADE, related_name="anomalies", verbose_name=_("rehearsal")
    )
    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("key"), max_length=200)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("customer"),
    )
    subscription = models.ForeignKey(
        "memberships.Subscription",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("subscription"),
    )
    at = models.DateTimeField(_("when"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    amount_minor = models.BigIntegerField(_("amount"), null=True, blank=True)
    before_minor = models.BigIntegerField(_("before"), null=True, blank=True)
    detail = models.TextField(_("detail"), blank=True)

    amount = MoneyColumn("amount")
    before = MoneyColumn("before")

    class Meta:
        verbose_name = _("anomaly")
        verbose_name_plural = _("anomalies")
        ordering = ["rehearsal", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["rehearsal", "kind", "key"], name="insights_anomaly_named_once"),
            models.CheckConstraint(
                condition=Q(amount_minor=None, before_minor=None) | ~Q(currency=""), name="insights_amount_has_currency"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class AnomalyRule(models.Model):
    """Whether a kind of anomaly is looked for, and from how many percent on where it is a matter of degree."""

    kind = models.CharField(_("kind"), max_length=40, unique=True)
    is_active = models.BooleanField(_("looked for"), default=True)
    threshold_percent = models.PositiveIntegerField(
        _("threshold, percent"),
        null=True,
        blank=True,
        help_text=_("For jumps of the amount: a smaller one is not told."),
    )

    class Meta:
        verbose_name = _("rule for anomalies")
        verbose_name_plural = _("rules for anomalies")
        ordering = ["kind"]

    def __str__(self) -> str:
        return self.kind
