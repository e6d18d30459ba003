"""What was billed, and what happened: periods and the append-only history."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn

from .plans import Price
from .subscriptions import Subscription


class TsTzRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class PeriodQuerySet(models.QuerySet["Period"]):
    def latest_of(self, subscription: Subscription) -> Period | None:
        """The span the subscription is in now (a plan change starts a span of its own), with its invoice."""
        return (
            self.filter(subscription=subscription)
            .select_related("invoice", "price__plan", "promotion")
            .order_by("-start")
            .first()
        )


class Period(models.Model):
    """A span of one subscription that one recurring invoice line covers.

    `gross_minor` is what the customer owes for it with tax, after discounts; `tax_minor` is the tax in it. A plan
    change cuts the span at its instant and gives `credited_minor` of it back; the spans of a subscription never
    overlap.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="periods")
    number = models.PositiveIntegerField(_("number"))
    start = models.DateTimeField(_("start"))
    end = models.DateTimeField(_("end"))
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="periods")
    promotion = models.ForeignKey(
        "promotions.Promotion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    invoice = models.ForeignKey(
        "billing.Invoice", on_delete=models.PROTECT, null=True, blank=True, related_name="periods"
    )
    currency = models.CharField(_("currency"), max_length=3)
    tax_basis_points = models.PositiveIntegerField(_("tax rate, basis points"))
    gross_minor = models.BigIntegerField(_("amount with tax"))
    tax_minor = models.BigIntegerField(_("tax in it"), default=0, db_default=0)
    credited_minor = models.BigIntegerField(_("given back"), default=0)

    gross = MoneyColumn("gross")
    credited = MoneyColumn("credited")
    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("period")
        verbose_name_plural = _("periods")
        ordering = ["-start"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "start"], name="memberships_period_billed_once"),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="memberships_span_in_order"),
            models.CheckConstraint(
                condition=Q(credited_minor__gte=0, credited_minor__lte=F("gross_minor")),
                name="memberships_credit_within_paid",
            ),
            ExclusionConstraint(
                name="memberships_spans_do_not_overlap",
                expressions=[
                    ("subscription", RangeOperators.EQUAL),
                    (TsTzRange("start", "end", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d} – {self.end:%Y-%m-%d}"


class HistoryKind(models.TextChoices):
    STATUS = "status", _("status")
    PLAN = "plan", _("plan")
    CANCEL = "cancel", _("cancellation")
    UNDO = "undo", _("cancellation undone")
    WITHDRAW = "withdraw", _("withdrawal")
    PAUSE = "pause", _("pause planned")
    UNPAUSE = "unpause", _("pause taken back")
    PARK = "park", _("parked")
    UNPARK = "unpark", _("taken up again")
    PROMISE = "promise", _("price promise")
    TRIAL = "trial", _("end of the trial moved")
    EARLY = "early", _("renewed early")


class History(models.Model):
    """What changed on a subscription, from what to what, why and by whom. Append-only by trigger."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="history")
    kind = models.CharField(_("kind"), max_length=10, choices=HistoryKind.choices)
    old = models.CharField(_("from"), max_length=200, blank=True)
    new = models.CharField(_("to"), max_length=200, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    actor = models.CharField(_("by"), max_length=254)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("history entry")
        verbose_name_plural = _("history")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["subscription", "-at"], name="memberships_history_by_sub")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.old} → {self.new}"
