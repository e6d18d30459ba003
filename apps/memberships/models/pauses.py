"""Pauses and skipped periods: what was asked for and what became of it. The limits are counted here."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .statuses import PauseKind
from .subscriptions import Subscription

YEAR = timedelta(days=365)


class PauseOutcome(models.TextChoices):
    RESUMED = "resumed", _("resumed")
    UNDONE = "undone", _("taken back before it began")
    ENDED = "ended", _("the membership ended")


class PauseQuerySet(models.QuerySet["Pause"]):
    def open(self) -> PauseQuerySet:
        """Planned or running."""
        return self.filter(closed_at=None)

    def counted(self, subscription: Subscription, *, begins_at: datetime) -> PauseQuerySet:
        """What counts towards the yearly limit of a pause that begins then: the customer's pauses of the group that
        began, or are to begin, within the 365 days before. One that was over before it began does not count, nor one
        that the shop itself asked for."""
        return self.filter(
            Q(closed_at=None) | Q(begun_at__isnull=False),
            customer=subscription.customer_id,
            plan_group=subscription.plan_group,
            begins_at__gt=begins_at - YEAR,
            by_shop=False,
        )

    def to_remind(self, now: datetime, *, ahead: timedelta) -> PauseQuerySet:
        """Running pauses that end within `ahead` and whose customer has not been told yet."""
        return self.running().filter(resumes_at__gt=now, resumes_at__lte=now + ahead).order_by("resumes_at", "pk")

    def running(self) -> PauseQuerySet:
        """Begun, not over, and not reminded of their end."""
        return self.open().filter(begun_at__isnull=False, reminded_at=None)


class Pause(models.Model):
    """One pause. `resumes_at` is the agreed end; `closed_at` is when it was really over, `outcome` says why."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="pauses")
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="pauses")
    plan_group = models.SlugField(_("group"))
    kind = models.CharField(_("kind"), max_length=10, choices=PauseKind.choices)
    begins_at = models.DateTimeField(_("begins at"))
    resumes_at = models.DateTimeField(_("resumes at"))
    begun_at = models.DateTimeField(_("begun at"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("over at"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=PauseOutcome.choices, blank=True)
    by_shop = models.BooleanField(_("asked for by the shop"), default=False, db_default=False)
    actor = models.CharField(_("by"), max_length=254)
    requested_at = models.DateTimeField(_("asked for at"))

    objects = PauseQuerySet.as_manager()

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ["-begins_at", "-pk"]
        indexes = [
            models.Index(fields=["customer", "plan_group", "-begins_at"], name="memberships_pauses_counted"),
            models.Index(
                fields=["resumes_at"],
                condition=Q(closed_at=None, reminded_at=None, begun_at__isnull=False),
                name="memberships_pauses_to_remind",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(closed_at=None), name="memberships_one_open_pause"
            ),
            models.CheckConstraint(condition=Q(resumes_at__gt=F("begins_at")), name="memberships_pause_in_order"),
            models.CheckConstraint(
                name="memberships_pause_closed_with_outcome",
                condition=Q(closed_at=None, outcome="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.begins_at:%Y-%m-%d} – {self.resumes_at:%Y-%m-%d}"
