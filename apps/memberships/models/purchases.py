"""What a customer set out to buy: a sign-up, and a plan change that waits for its payment."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.billing.models import Invoice

from .plans import Price
from .subscriptions import Subscription


class SignupStatus(models.TextChoices):
    OPEN = "open", _("open")
    COMPLETED = "completed", _("completed")
    FAILED = "failed", _("failed")
    EXPIRED = "expired", _("expired")


class SignupQuerySet(models.QuerySet["Signup"]):
    def unfinished(self) -> SignupQuerySet:
        """Open sign-ups, without those whose payment may still go through."""
        waiting = Invoice.objects.undecided().values("periods__subscription")
        return self.filter(status=SignupStatus.OPEN).exclude(subscription__in=waiting)

    def left_before(self, moment: datetime) -> SignupQuerySet:
        return self.unfinished().filter(created_at__lte=moment).order_by("created_at", "pk")


class Signup(models.Model):
    """A customer on the way to a first payment, with the quote shown and the consent given."""

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="signups")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="signups")
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    promotion = models.ForeignKey(
        "promotions.Promotion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    consent = models.ForeignKey("accounts.Consent", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    quote = models.JSONField(_("quote"))
    setup_id = models.CharField(_("card set-up"), max_length=255, unique=True, null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=SignupStatus.choices, default=SignupStatus.OPEN)
    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="signup"
    )
    message = models.TextField(_("message"), blank=True)
    created_at = models.DateTimeField(_("created at"))
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)

    objects = SignupQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-up")
        verbose_name_plural = _("sign-ups")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["created_at"], condition=Q(status="open"), name="memberships_open_signups")]
        constraints = [
            models.CheckConstraint(
                name="memberships_signup_completed_with_subscription",
                condition=~Q(status=SignupStatus.COMPLETED) | Q(subscription__isnull=False, completed_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.price}"


class ChangeStatus(models.TextChoices):
    OPEN = "open", _("waiting for payment")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class PlanChangeQuerySet(models.QuerySet["PlanChange"]):
    def unfinished(self) -> PlanChangeQuerySet:
        """Open changes, without those whose payment may still go through."""
        return self.filter(status=ChangeStatus.OPEN).exclude(invoice__in=Invoice.objects.undecided())

    def left_before(self, moment: datetime) -> PlanChangeQuerySet:
        return self.unfinished().filter(created_at__lte=moment).order_by("created_at", "pk")


class PlanChange(models.Model):
    """A change to a higher plan or quantity, applied when its invoice is paid. At most one waits per subscription."""

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="changes")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    quote = models.JSONField(_("quote"))
    invoice = models.OneToOneField("billing.Invoice", on_delete=models.PROTECT, related_name="plan_change")
    status = models.CharField(_("status"), max_length=10, choices=ChangeStatus.choices, default=ChangeStatus.OPEN)
    message = models.TextField(_("message"), blank=True)
    actor = models.CharField(_("by"), max_length=254)
    effective_at = models.DateTimeField(_("takes effect at"))
    created_at = models.DateTimeField(_("created at"))
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    objects = PlanChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("plan change")
        verbose_name_plural = _("plan changes")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(status="open"), name="memberships_one_open_change"
            ),
            models.CheckConstraint(
                name="memberships_change_settled_when_closed",
                condition=Q(status="open", settled_at=None) | (~Q(status="open") & Q(settled_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.price}"
