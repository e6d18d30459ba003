"""Payments: each row is the intent to move money once, and its key is the gateway's idempotency key."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn

OPEN_STATUSES = ["pending", "processing", "needs_action", "unknown"]
IN_DOUBT_STATUSES = ["processing", "unknown"]


class PaymentQuerySet(models.QuerySet["Payment"]):
    def collectable(self, now: datetime) -> PaymentQuerySet:
        """Off-session payments whose time has come. On-session ones are collected by the page that made them."""
        return self.filter(status=Payment.Status.PENDING, on_session=False, due_at__lte=now).order_by("due_at", "pk")

    def stranded(self, until: datetime) -> PaymentQuerySet:
        """On-session payments still pending that were made up to an instant: their page never came to charge them."""
        return self.filter(status=Payment.Status.PENDING, on_session=True, created_at__lte=until)

    def open(self) -> PaymentQuerySet:
        """Payments that may still take money."""
        return self.filter(status__in=OPEN_STATUSES)

    def undecided(self) -> PaymentQuerySet:
        """Payments sent to the gateway whose outcome is not known."""
        return self.filter(status__in=IN_DOUBT_STATUSES)

    def unknown(self) -> PaymentQuerySet:
        return self.filter(status=Payment.Status.UNKNOWN)

    def succeeded(self) -> PaymentQuerySet:
        return self.filter(status=Payment.Status.SUCCEEDED)

    def tried_since(self, since: datetime) -> PaymentQuerySet:
        """Attempts made after an instant; one withdrawn before it was ever sent is none."""
        return self.filter(created_at__gt=since).exclude(status=Payment.Status.CANCELLED, sent_at=None)

    def lease_expired(self, now: datetime) -> PaymentQuerySet:
        """Payments whose worker was lost between sending and settling."""
        return self.filter(status=Payment.Status.PROCESSING, lease_until__lte=now)

    def to_check(self, now: datetime) -> PaymentQuerySet:
        """Payments the gateway is to be asked about; those in the hands of a worker are left to it."""
        return self.filter(check_at__lte=now).exclude(status=Payment.Status.PROCESSING).order_by("check_at", "pk")

    def for_gateway(self) -> PaymentQuerySet:
        """With all that a charge or a look-up needs, in one statement."""
        return self.select_related(
            "card", "invoice__customer__billing_profile__default_card", "invoice__customer__billing_profile"
        )


class Payment(models.Model):
    """One attempt to collect an invoice."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        PROCESSING = "processing", _("processing")
        SUCCEEDED = "succeeded", _("succeeded")
        DECLINED = "declined", _("declined")
        NEEDS_ACTION = "needs_action", _("needs action")
        UNKNOWN = "unknown", _("unknown")
        CANCELLED = "cancelled", _("cancelled")

    invoice = models.ForeignKey(
        "billing.Invoice", on_delete=models.PROTECT, related_name="payments", verbose_name=_("invoice")
    )
    card = models.ForeignKey(
        "billing.Card",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
        verbose_name=_("card"),
        help_text=_("Empty until it is sent: then the customer's default card of that moment."),
    )
    key = models.UUIDField(_("key"), unique=True, default=uuid.uuid4, editable=False)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.PENDING)
    on_session = models.BooleanField(_("customer present"), default=False)
    surplus = models.BooleanField(
        _("surplus"), default=False, help_text=_("Money taken when nothing was owed any more: it goes back.")
    )
    due_at = models.DateTimeField(_("due"))
    sent_at = models.DateTimeField(_("last sent"), null=True, blank=True)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    check_at = models.DateTimeField(_("ask the gateway at"), null=True, blank=True)
    gateway_id = models.CharField(_("gateway intent"), max_length=255, blank=True)
    decline_code = models.CharField(_("decline code"), max_length=100, blank=True)
    decline_hard = models.BooleanField(_("hard decline"), null=True, blank=True)
    message = models.TextField(_("message"), blank=True)
    created_at = models.DateTimeField(_("created"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    amount = MoneyColumn("amount")

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "pending",
                        "processing",
                        "succeeded",
                        "declined",
                        "needs_action",
                        "unknown",
                        "cancelled",
                    ]
                ),
                name="billing_payment_status",
            ),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(status__in=OPEN_STATUSES), name="billing_payment_one_open"
            ),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(status="succeeded", surplus=False), name="billing_payment_one_succeeded"
            ),
            models.UniqueConstraint(fields=["invoice", "attempt"], name="billing_payment_attempt_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="billing_payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(status="processing", lease_until__isnull=False, sent_at__isnull=False)
                | (~Q(status="processing") & Q(lease_until=None)),
                name="billing_payment_lease_while_processing",
            ),
            models.CheckConstraint(
                condition=~Q(status="succeeded") | (Q(settled_at__isnull=False) & ~Q(gateway_id="")),
                name="billing_payment_success_has_intent",
            ),
            models.CheckConstraint(
                condition=~Q(status="declined") | (Q(settled_at__isnull=False) & ~Q(decline_code="")),
                name="billing_payment_decline_has_code",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["unknown", "needs_action"]) | Q(check_at__isnull=False),
                name="billing_payment_doubt_is_checked",
            ),
            models.CheckConstraint(condition=Q(surplus=False) | Q(status="succeeded"), name="billing_payment_surplus"),
        ]
        indexes = [
            models.Index(fields=["gateway_id"], name="billing_payment_by_intent", condition=~Q(gateway_id="")),
            models.Index(fields=["due_at", "id"], name="billing_payment_collectable", condition=Q(status="pending")),
            models.Index(
                fields=["settled_at", "id"], name="billing_payment_succeeded", condition=Q(status="succeeded")
            ),
            models.Index(fields=["lease_until"], name="billing_payment_leased", condition=Q(status="processing")),
            models.Index(
                fields=["check_at", "id"], name="billing_payment_to_check", condition=Q(check_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}/{self.attempt}"

    @property
    def is_open(self) -> bool:
        """Whether it may still take money."""
        return self.status in OPEN_STATUSES

    @property
    def is_in_doubt(self) -> bool:
        """Whether it was sent and its outcome is not known."""
        return self.status in IN_DOUBT_STATUSES

    @property
    def idempotency_key(self) -> str:
        """The key the gateway is called with, also written in the intent's metadata."""
        return str(self.key)
