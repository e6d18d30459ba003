"""The comparison with the gateway's books, and what differs."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn


class Reconciliation(models.Model):
    """One comparison of the shop's books with the gateway's: the row is how far it came, so that a lost worker's place
    is taken by the next. `since` and `until` are instants on the gateway's clock."""

    class Phase(models.TextChoices):
        CHARGES = "charges", _("the gateway's charges")
        REFUNDS = "refunds", _("the gateway's refunds")
        DISPUTES = "disputes", _("the gateway's disputes")
        OWN_PAYMENTS = "own_payments", _("our payments")
        OWN_REFUNDS = "own_refunds", _("our refunds")
        CASH = "cash", _("the ledger")
        OLD_BREAKS = "old_breaks", _("what differed before")
        DONE = "done", _("done")

    phase = models.CharField(_("at"), max_length=20, choices=Phase, default=Phase.CHARGES)
    cursor = models.CharField(_("cursor"), max_length=255, blank=True)
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    compared = models.PositiveIntegerField(_("compared"), default=0)
    found = models.PositiveIntegerField(_("differences"), default=0)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=True),
                nulls_distinct=False,
                name="billing_reconciliation_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(phase="done", finished_at__isnull=False) | (~Q(phase="done") & Q(finished_at=None)),
                name="billing_reconciliation_done_has_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d}"


class Sighting(models.Model):
    """A charge or refund that a comparison under way has seen at the gateway. Gone when it is finished."""

    reconciliation = models.ForeignKey(Reconciliation, on_delete=models.CASCADE, related_name="sightings")
    ref = models.CharField(max_length=255)

    class Meta:
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        constraints = [models.UniqueConstraint(fields=["reconciliation", "ref"], name="billing_sighting_once")]

    def __str__(self) -> str:
        return self.ref


class BreakQuerySet(models.QuerySet["Break"]):
    def open(self) -> BreakQuerySet:
        """Differences that wait for a person."""
        return self.filter(status=Break.Status.OPEN)

    def standing(self) -> BreakQuerySet:
        """Open ones, and those that a person knows and leaves as they are."""
        return self.filter(status__in=[Break.Status.OPEN, Break.Status.IGNORED])

    def not_seen_since(self, moment: datetime) -> BreakQuerySet:
        """Open ones that a comparison begun at `moment` has not met again."""
        return self.open().filter(seen_at__lt=moment)


class Break(models.Model):
    """One difference between the shop's books and the gateway's. `here` and `there` are what each side says."""

    class Subject(models.TextChoices):
        CHARGE = "charge", _("charge")
        REFUND = "refund", _("refund")
        DISPUTE = "dispute", _("dispute")
        CASH = "cash", _("ledger")

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("missing in the shop")
        MISSING_THERE = "missing_there", _("missing at the gateway")
        AMOUNT = "amount", _("the amount differs")
        CURRENCY = "currency", _("the currency differs")
        STATUS = "status", _("the status differs")
        DOUBLE_CHARGE = "double_charge", _("charged twice")

    class Fix(models.TextChoices):
        """What the shop can do about it by itself. LOOK: nothing that would be safe."""

        SETTLE = "settle", _("settle the payment by the gateway's word")
        ADOPT = "adopt", _("take the charge into the books; what nobody owes goes back")
        ADOPT_REFUND = "adopt_refund", _("write the refund into the books")
        ASK = "ask", _("ask the gateway again, and close there what is over here")
        PARK = "park", _("put the dispute before a person")
        LOOK = "look", _("look into it at the gateway, then correct the books by hand")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        RESOLVED = "resolved", _("resolved")
        IGNORED = "ignored", _("ignored")

    key = models.CharField(_("key"), max_length=400)
    subject = models.CharField(_("about"), max_length=10, choices=Subject)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    ref = models.CharField(_("reference at the gateway"), max_length=255)
    here = models.CharField(_("in the shop"), max_length=100)
    there = models.CharField(_("at the gateway"), max_length=100)
    fix = models.CharField(_("suggested step"), max_length=20, choices=Fix, default=Fix.LOOK)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("customer"),
    )
    invoice = models.ForeignKey(
        "billing.Invoice", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("invoice")
    )
    payment = models.ForeignKey(
        "billing.Payment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="breaks",
        verbose_name=_("payment"),
    )
    refund = models.ForeignKey(
        "billing.Refund",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="breaks",
        verbose_name=_("refund"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    found_at = models.DateTimeField(_("found"))
    seen_at = models.DateTimeField(_("last seen"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=254, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    amount = MoneyColumn("amount")

    objects = BreakQuerySet.as_manager()

    class Meta:
        verbose_name = _("break")
        verbose_name_plural = _("breaks")
        ordering = ["-found_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(status__in=["open", "ignored"]), name="billing_break_stands_once"
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None)
                | Q(status__in=["resolved", "ignored"], closed_at__isnull=False),
                name="billing_break_closed_has_date",
            ),
        ]
        indexes = [models.Index(fields=["found_at", "id"], name="billing_break_open", condition=Q(status="open"))]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} {self.ref}: {self.get_kind_display()}"

    @property
    def can_be_repaired(self) -> bool:
        """Whether the shop knows a safe step."""
        return self.fix != self.Fix.LOOK
