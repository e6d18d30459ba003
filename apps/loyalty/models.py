"""Points: an append-only ledger by lot, and the balance of each customer.

An entry that adds points opens a lot with its own expiry. Every entry that takes points away names the lot it takes
from, so what is left of a lot is its points plus the (negative) entries that name it; `PointsLot.remaining` is that
sum, kept in the same transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import BigIntegerField, F, Min, Q, Sum
from django.utils.translation import gettext_lazy as _

from apps.core.lookups import by_key

if TYPE_CHECKING:
    from apps.accounts.models import User


class Kind(models.TextChoices):
    EARN = "earn", _("earned")
    REDEEM = "redeem", _("redeemed")
    EXPIRE = "expire", _("expired")
    ADJUST = "adjust", _("adjusted")


class EarningRuleQuerySet(models.QuerySet["EarningRule"]):
    def in_force(self, now: datetime) -> EarningRule | None:
        """The latest rule that has started, or None."""
        return self.filter(valid_from__lte=now).order_by("-valid_from").first()


class EarningRule(models.Model):
    """How many points a unit of money earns, from an instant on. A new rule replaces the one before; none is edited."""

    points_per_unit = models.PositiveIntegerField(
        _("points per unit"), help_text=_("Points for each whole unit of the currency, such as one euro.")
    )
    lifetime_days = models.PositiveIntegerField(_("lifetime in days"), default=730)
    valid_from = models.DateTimeField(_("valid from"), unique=True)

    objects = EarningRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("earning rule")
        verbose_name_plural = _("earning rules")
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(lifetime_days__gte=1), name="loyalty_rule_lifetime_positive"),
        ]

    def __str__(self) -> str:
        return _("%(points)s points per unit") % {"points": self.points_per_unit}


class PointsAccountQuerySet(models.QuerySet["PointsAccount"]):
    def balance_of(self, customer: User) -> int:
        """The points the customer can spend; 0 without an account."""
        return self.filter(customer=customer).values_list("balance", flat=True).first() or 0

    def add(self, entries: Iterable[PointsEntry]) -> None:
        """Carry entries just written to the balances of their customers, in one statement."""
        sums: Counter[int] = Counter()
        for entry in entries:
            sums[entry.customer_id] += entry.points
        change = by_key("customer_id", sums, output_field=BigIntegerField())
        self.filter(customer__any=list(sums)).update(balance=F("balance") + change)


class PointsAccount(models.Model):
    """The balance of one customer: the sum of the entries, kept in the same transaction."""

    customer = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="points_account")
    balance = models.BigIntegerField(_("balance"), default=0)

    objects = PointsAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("points account")
        verbose_name_plural = _("points accounts")
        constraints = [models.CheckConstraint(condition=Q(balance__gte=0), name="loyalty_balance_not_negative")]

    def __str__(self) -> str:
        return f"{self.customer}: {self.balance}"


class PointsEntry(models.Model):
    """One line of the points ledger. Append-only by trigger.

    `currency` is the currency in whose smallest unit the shop holds the points as a liability.
    """

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="points_entries")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    points = models.BigIntegerField(_("points"))
    currency = models.CharField(_("currency"), max_length=3)
    key = models.CharField(_("key"), max_length=120, unique=True)
    reason = models.CharField(_("reason"), max_length=200)
    at = models.DateTimeField(_("at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    lot = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="taken")

    class Meta:
        verbose_name = _("points entry")
        verbose_name_plural = _("points entries")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["customer", "-at"], name="loyalty_entries_by_customer")]
        constraints = [
            models.CheckConstraint(
                name="loyalty_sign_of_kind",
                condition=Q(kind=Kind.EARN, points__gt=0)
                | Q(kind__in=[Kind.REDEEM, Kind.EXPIRE], points__lt=0)
                | (Q(kind=Kind.ADJUST) & ~Q(points=0)),
            ),
            models.CheckConstraint(
                name="loyalty_lot_or_taken_from_lot",
                condition=Q(points__gt=0, expires_at__isnull=False, lot=None)
                | Q(points__lt=0, expires_at=None, lot__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.points:+d} {self.reason}"


class PointsLotQuerySet(models.QuerySet["PointsLot"]):
    def spendable(self, customer_id: int, *, currency: str, now: datetime) -> PointsLotQuerySet:
        """The lots a customer can redeem at `now`, the one that expires first in front."""
        held = self.filter(customer_id=customer_id, currency=currency, remaining__gt=0, expires_at__gt=now)
        return held.order_by("expires_at", "pk")

    def expired(self, now: datetime) -> PointsLotQuerySet:
        """Lots past their expiry with points left, oldest first."""
        return self.filter(remaining__gt=0, expires_at__lte=now).order_by("expires_at", "pk")

    def next_expiry(self) -> datetime | None:
        return self.filter(remaining__gt=0).aggregate(at=Min("expires_at"))["at"]

    def points(self) -> int:
        """What is left in these lots together."""
        return self.aggregate(sum=Sum("remaining"))["sum"] or 0


class PointsLot(models.Model):
    """What is left of the points one entry added. The check refuses to take more than there is."""

    entry = models.OneToOneField(PointsEntry, on_delete=models.PROTECT, primary_key=True, related_name="opened_lot")
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="points_lots")
    currency = models.CharField(_("currency"), max_length=3)
    remaining = models.BigIntegerField(_("points left"))
    expires_at = models.DateTimeField(_("expires at"))

    objects = PointsLotQuerySet.as_manager()

    class Meta:
        verbose_name = _("points lot")
        verbose_name_plural = _("points lots")
        indexes = [
            models.Index(
                fields=["customer", "currency", "expires_at"],
                condition=Q(remaining__gt=0),
                name="loyalty_lots_by_customer",
            ),
            models.Index(fields=["expires_at"], condition=Q(remaining__gt=0), name="loyalty_lots_by_expiry"),
        ]
        constraints = [models.CheckConstraint(condition=Q(remaining__gte=0), name="loyalty_lot_not_overdrawn")]

    def __str__(self) -> str:
        return f"{self.remaining} → {self.expires_at:%Y-%m-%d}"
