"""Dunning: policies as versioned data, and the recovery of one unpaid invoice."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

DEFAULT_RETRY_DAYS = (1, 3, 5, 7)
DEFAULT_MAIL_DAYS = (6,)


def default_retry_days() -> list[int]:
    return list(DEFAULT_RETRY_DAYS)


def default_mail_days() -> list[int]:
    return list(DEFAULT_MAIL_DAYS)


class DunningPolicyQuerySet(models.QuerySet["DunningPolicy"]):
    def default(self) -> DunningPolicy:
        """The current version of the default policy."""
        return self.get(is_default=True)


class DunningPolicy(models.Model):
    """How an unpaid invoice is recovered. Days count from the first failure. A version is never edited: see
    `dunning.new_policy_version`."""

    class FinalAction(models.TextChoices):
        END = "end", _("end the membership")

    name = models.CharField(_("name"), max_length=60)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    is_default = models.BooleanField(_("default"), default=False)
    retry_days = models.JSONField(_("retry days"), default=default_retry_days)
    mail_days = models.JSONField(
        _("reminder days"),
        default=default_mail_days,
        help_text=_("Reminders besides the mails of the retries themselves."),
    )
    grace_days = models.PositiveSmallIntegerField(
        _("grace days"), default=3, help_text=_("From the final notice, after the last retry, to the final action.")
    )
    final_action = models.CharField(_("final action"), max_length=20, choices=FinalAction, default=FinalAction.END)
    created_at = models.DateTimeField(_("created"), editable=False)

    objects = DunningPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("dunning policy")
        verbose_name_plural = _("dunning policies")
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="billing_policy_version_once"),
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="billing_policy_one_default"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class RecoveryQuerySet(models.QuerySet["Recovery"]):
    def open(self) -> RecoveryQuerySet:
        return self.filter(status=Recovery.Status.OPEN)

    def due(self, now: datetime) -> RecoveryQuerySet:
        """Recoveries whose next step has come, save those with a charge pending, in flight or of unknown outcome."""
        return self.actionable().filter(next_action_at__lte=now).order_by("next_action_at", "pk")

    def actionable(self) -> RecoveryQuerySet:
        from .payment import Payment

        waiting = Payment.objects.filter(status__in=["pending", "processing", "unknown"])
        return self.open().exclude(invoice__in=waiting.values("invoice"))


class Recovery(models.Model):
    """The dunning of one invoice; `step` is the next entry of `rules.schedule(policy)`."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        RECOVERED = "recovered", _("recovered")
        EXHAUSTED = "exhausted", _("exhausted")
        CANCELLED = "cancelled", _("cancelled")

    invoice = models.OneToOneField(
        "billing.Invoice", on_delete=models.PROTECT, related_name="recovery", verbose_name=_("invoice")
    )
    policy = models.ForeignKey(DunningPolicy, on_delete=models.PROTECT, related_name="+", verbose_name=_("policy"))
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.OPEN)
    step = models.PositiveSmallIntegerField(_("step"), default=0)
    next_action_at = models.DateTimeField(_("next action"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = RecoveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("recovery")
        verbose_name_plural = _("recoveries")
        ordering = ["-started_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "recovered", "exhausted", "cancelled"]), name="billing_recovery_status"
            ),
            models.CheckConstraint(
                condition=Q(status="open", next_action_at__isnull=False, ended_at=None)
                | (~Q(status="open") & Q(next_action_at=None, ended_at__isnull=False)),
                name="billing_recovery_open_has_next",
            ),
        ]
        indexes = [models.Index(fields=["next_action_at"], name="billing_recovery_due", condition=Q(status="open"))]

    def __str__(self) -> str:
        return f"{self.invoice_id} ({self.get_status_display()})"
