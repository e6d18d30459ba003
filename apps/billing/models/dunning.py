"""Dunning: policies as versioned data, and the recovery of one unpaid invoice."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.billing import rules
from apps.core.money import Money

from .invoice import Invoice

DEFAULT_RETRY_DAYS = (1, 3, 5, 7)
DEFAULT_MAIL_DAYS = (6,)


def default_retry_days() -> list[int]:
    return list(DEFAULT_RETRY_DAYS)


def default_mail_days() -> list[int]:
    return list(DEFAULT_MAIL_DAYS)


class DunningPolicyQuerySet(models.QuerySet["DunningPolicy"]):
    def in_force(self) -> DunningPolicyQuerySet:
        """The versions that new failures may follow."""
        return self.filter(is_current=True)

    def default(self) -> DunningPolicy:
        """The policy in force without conditions, which fits every invoice."""
        return self.in_force().get(scope="", currency="", minimum_minor=0)

    def best_for(self, invoice: Invoice) -> DunningPolicy:
        """The policy in force that fits an invoice most closely: what was sold counts before the currency, and that
        before the highest minimum."""
        fitting = self.in_force().filter(
            scope__in=["", invoice.scope],
            currency__in=["", invoice.currency],
            minimum_minor__lte=invoice.due_minor,
        )
        # An empty text sorts before every other.
        return fitting.order_by("-scope", "-currency", "-minimum_minor")[0]


class DunningPolicy(models.Model):
    """How an unpaid invoice is recovered. Days count from the first failure. A version is never edited: see
    `dunning.new_policy_version`."""

    class FinalAction(models.TextChoices):
        END = "end", _("write the invoice off and end the membership")
        WRITE_OFF = "write_off", _("write the invoice off, the membership goes on")
        LEAVE_OPEN = "leave_open", _("stop and leave it to a person, the invoice stays open")

    name = models.CharField(_("name"), max_length=60)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    is_current = models.BooleanField(
        _("in force"),
        default=False,
        help_text=_("It takes the place of the version, and of the policy with the same conditions, in force now."),
    )
    scope = models.CharField(
        _("only for"),
        max_length=60,
        blank=True,
        help_text=_("The short name of what was sold, such as a plan's (grove). Empty: for everything."),
    )
    currency = models.CharField(
        _("only in currency"), max_length=3, blank=True, help_text=_("Such as EUR. Empty: in all currencies.")
    )
    minimum_minor = models.BigIntegerField(_("only from this amount on"), default=0)
    retry_days = models.JSONField(_("retry days"), default=default_retry_days)
    mail_days = models.JSONField(
        _("reminder days"),
        default=default_mail_days,
        help_text=_("Reminders besides the mails of the retries themselves."),
    )
    grace_days = models.PositiveSmallIntegerField(
        _("grace days"), default=3, help_text=_("From the final notice, after the last retry, to the final action.")
    )
    final_action = models.CharField(
        _("final action"),
        max_length=20,
        choices=FinalAction,
        default=FinalAction.END,
        help_text=_("An overdue membership keeps its benefits and is not billed again until nothing is owed."),
    )
    max_tries = models.PositiveSmallIntegerField(
        _("tries at most"),
        default=rules.MAX_TRIES,
        validators=[MinValueValidator(2), MaxValueValidator(rules.MOST_TRIES)],
        help_text=_("Every attempt on the invoice counts, the first and the customer's own too."),
    )
    tries_within_days = models.PositiveSmallIntegerField(
        _("within days"),
        default=rules.TRIES_WITHIN_DAYS,
        validators=[MinValueValidator(rules.TRIES_WITHIN_DAYS), MaxValueValidator(rules.LONGEST)],
    )
    created_at = models.DateTimeField(_("created"), editable=False)

    objects = DunningPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("dunning policy")
        verbose_name_plural = _("dunning policies")
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="billing_policy_version_once"),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(is_current=True),
                name="billing_policy_one_version",
                violation_error_message=_("A policy of this name is in force: open it and change it there."),
            ),
            models.UniqueConstraint(
                fields=["scope", "currency", "minimum_minor"],
                condition=Q(is_current=True),
                name="billing_policy_one_per_condition",
            ),
            models.CheckConstraint(
                condition=Q(minimum_minor=0) | (Q(minimum_minor__gt=0) & ~Q(currency="")),
                name="billing_policy_minimum_has_currency",
            ),
            models.CheckConstraint(
                condition=Q(final_action__in=["end", "write_off", "leave_open"]), name="billing_policy_final_action"
            ),
            models.CheckConstraint(
                condition=Q(
                    max_tries__range=(2, rules.MOST_TRIES),
                    tries_within_days__range=(rules.TRIES_WITHIN_DAYS, rules.LONGEST),
                ),
                name="billing_policy_tries",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def minimum(self) -> Money | None:
        """The amount from which on it applies; None when it applies to all."""
        return Money(self.minimum_minor, self.currency) if self.minimum_minor else None


class RecoveryQuerySet(models.QuerySet["Recovery"]):
    def open(self) -> RecoveryQuerySet:
        return self.filter(status=Recovery.Status.OPEN)

    def unpaid(self) -> RecoveryQuerySet:
        """Recoveries of invoices that are still to be paid: under way, or left open when nothing helped."""
        return self.filter(
            status__in=[Recovery.Status.OPEN, Recovery.Status.EXHAUSTED], invoice__status=Invoice.Status.OPEN
        )

    def left_open(self) -> RecoveryQuerySet:
        """Recoveries that came to nothing, whose invoices wait for a person."""
        return self.filter(status=Recovery.Status.EXHAUSTED, invoice__status=Invoice.Status.OPEN)

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
