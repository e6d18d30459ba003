"""Memberships bought by one person for another: paid once, redeemed once with a code that nobody can guess."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.billing.models import Invoice
from apps.core.models import MoneyColumn

from .plans import Price
from .subscriptions import Subscription

# Without letters and digits that are mistaken for each other: 31 signs, 16 of them, are 79 bits.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 16


def new_code() -> str:
    """A code from the system's secure source of chance."""
    return "".join(secrets.choice(ALPHABET) for _place in range(CODE_LENGTH))


class GiftStatus(models.TextChoices):
    OPEN = "open", _("being bought")
    FAILED = "failed", _("not paid")
    WAITING = "waiting", _("waiting to be redeemed")
    REDEEMED = "redeemed", _("redeemed")
    LAPSED = "lapsed", _("not redeemed in time")
    REFUNDED = "refunded", _("refunded")


class GiftUse(models.TextChoices):
    """What became of a redeemed gift."""

    STARTS = "starts", _("a membership with a fixed end")
    EXTENDS = "extends", _("a longer gift membership")
    CREDIT = "credit", _("credit for the invoices of a membership")


class GiftQuerySet(models.QuerySet["Gift"]):
    def bought_by(self, customer) -> GiftQuerySet:
        """Paid gifts of a buyer, newest first."""
        return self.filter(buyer=customer, paid_at__isnull=False).select_related("price__plan").order_by("-paid_at")

    def unfinished(self) -> GiftQuerySet:
        """Gifts being bought, without those whose payment may still go through."""
        waiting = Invoice.objects.undecided().values("gift")
        return self.filter(status=GiftStatus.OPEN).exclude(pk__in=waiting)

    def left_before(self, moment: datetime) -> GiftQuerySet:
        return self.unfinished().filter(created_at__lte=moment).order_by("created_at", "pk")

    def waiting(self) -> GiftQuerySet:
        return self.filter(status=GiftStatus.WAITING)

    def to_lapse(self, now: datetime) -> GiftQuerySet:
        """Whose time to be redeemed is over."""
        return self.waiting().filter(expires_at__lte=now).order_by("expires_at", "pk")


class Gift(models.Model):
    """`periods` of a price, paid once by the buyer. The amount is owed to whoever redeems the code, until `expires_at`.

    Without an address for the recipient the buyer hands the code over; with one it is mailed on `deliver_at`.
    """

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(_("code"), max_length=CODE_LENGTH, unique=True, default=new_code, editable=False)
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="gifts_bought")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="gifts")
    periods = models.PositiveSmallIntegerField(_("periods"))
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount"))
    recipient_name = models.CharField(_("for"), max_length=80)
    recipient_email = models.EmailField(_("recipient's address"), blank=True)
    greeting = models.TextField(_("greeting"), max_length=500, blank=True)
    deliver_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    consent = models.ForeignKey("accounts.Consent", on_delete=models.PROTECT, related_name="+")
    setup_id = models.CharField(_("card set-up"), max_length=255, unique=True, null=True, blank=True)
    invoice = models.OneToOneField(
        "billing.Invoice", on_delete=models.PROTECT, null=True, blank=True, related_name="gift"
    )
    status = models.CharField(_("status"), max_length=10, choices=GiftStatus.choices, default=GiftStatus.OPEN)
    problem = models.TextField(_("what went wrong"), blank=True)
    created_at = models.DateTimeField(_("created at"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("to be redeemed until"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=254, blank=True)
    redeemed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="gifts_redeemed"
    )
    used_as = models.CharField(_("used as"), max_length=10, choices=GiftUse.choices, blank=True)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="gifts"
    )

    amount = MoneyColumn("amount")
    objects = GiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("gift")
        verbose_name_plural = _("gifts")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="waiting"), name="memberships_gifts_to_lapse"),
            models.Index(fields=["created_at"], condition=Q(status="open"), name="memberships_open_gifts"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0, periods__gte=1), name="memberships_gift_of_worth"),
            models.CheckConstraint(
                name="memberships_gift_paid_with_invoice",
                condition=Q(status__in=[GiftStatus.OPEN, GiftStatus.FAILED], paid_at=None, expires_at=None)
                | Q(
                    status__in=[GiftStatus.WAITING, GiftStatus.REDEEMED, GiftStatus.LAPSED, GiftStatus.REFUNDED],
                    paid_at__isnull=False,
                    expires_at__isnull=False,
                    expires_at__gt=F("paid_at"),
                    invoice__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="memberships_gift_closed_with_date",
                condition=Q(status__in=[GiftStatus.OPEN, GiftStatus.WAITING], closed_at=None)
                | (~Q(status__in=[GiftStatus.OPEN, GiftStatus.WAITING]) & Q(closed_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="memberships_gift_redeemed_by_somebody",
                condition=(~Q(status=GiftStatus.REDEEMED) & Q(redeemed_by=None, used_as="", subscription=None))
                | Q(
                    status=GiftStatus.REDEEMED,
                    redeemed_by__isnull=False,
                    used_as__in=GiftUse.values,
                    subscription__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.price.plan} × {self.periods} ({self.recipient_name})"

    @property
    def printed_code(self) -> str:
        """The code in groups of four, as people read it."""
        return "-".join(self.code[place : place + 4] for place in range(0, CODE_LENGTH, 4))
