"""What is sold: plans, their benefits, and prices that are never edited."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn
from apps.core.periods import Interval, Unit


class PlanStatus(models.TextChoices):
    OPEN = "open", _("open to new members")
    CLOSED = "closed", _("closed to new members")


class IntervalUnit(models.TextChoices):
    WEEK = "week", _("week")
    MONTH = "month", _("month")
    YEAR = "year", _("year")


class PlanQuerySet(models.QuerySet["Plan"]):
    def on_sale(self) -> PlanQuerySet:
        """Plans a new member can join, lowest tier first."""
        return self.filter(status=PlanStatus.OPEN).order_by("position", "rank")


class Plan(models.Model):
    """What is sold. A customer holds at most one open subscription per group; `rank` orders the tiers of a group."""

    slug = models.SlugField(_("slug"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    group = models.SlugField(_("group"), default="membership")
    rank = models.PositiveSmallIntegerField(_("rank"))
    tagline = models.CharField(_("tagline"), max_length=160, blank=True)
    description = models.TextField(_("description"), blank=True)
    status = models.CharField(_("status"), max_length=10, choices=PlanStatus.choices, default=PlanStatus.OPEN)
    points_percent = models.PositiveIntegerField(
        _("points multiplier"),
        default=100,
        help_text=_("Per cent of the ordinary points: 150 is one and a half times."),
    )
    max_pause_days = models.PositiveSmallIntegerField(
        _("longest pause, days"),
        default=92,
        help_text=_("A membership is paused, or its next period skipped, for at most so long. 0: it cannot be paused."),
    )
    pauses_per_year = models.PositiveSmallIntegerField(
        _("pauses a year"), default=2, help_text=_("At most so many pauses begin within 365 days, skipped periods too.")
    )
    gift_valid_days = models.PositiveSmallIntegerField(
        _("gifts are valid for, days"),
        default=1095,
        help_text=_("So long after the purchase a gift can be redeemed. 0: the plan cannot be given."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    colour = models.SlugField(_("colour"), blank=True)
    illustration = models.SlugField(_("illustration"), blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["position", "rank"]
        constraints = [models.UniqueConstraint(fields=["group", "rank"], name="memberships_one_plan_per_rank")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.status == PlanStatus.OPEN

    def benefit(self, code: str, default=None):
        """The value of the benefit with this code, or `default` when the plan does not grant it."""
        return next((benefit.value for benefit in self.benefits.all() if benefit.code == code), default)


class Benefit(models.Model):
    """What a plan grants: a sentence for people, a code and a value for the rest of the shop."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="benefits")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    text = models.CharField(_("text"), max_length=200)
    code = models.SlugField(_("code"))
    value = models.JSONField(_("value"), default=bool, blank=True)

    class Meta:
        verbose_name = _("benefit")
        verbose_name_plural = _("benefits")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["plan", "code"], name="memberships_benefit_once_per_plan")]

    def __str__(self) -> str:
        return self.text


# The version of a plan's price at which staff give it for free: nobody pays it, and it is never on sale.
COMPLIMENTARY = 0


class PriceQuerySet(models.QuerySet["Price"]):
    def on_sale(self, now: datetime) -> PriceQuerySet:
        """Prices a customer can choose at `now`: of an open plan, available and not closed."""
        return self.filter(
            Q(closed_at=None) | Q(closed_at__gt=now), plan__status=PlanStatus.OPEN, available_from__lte=now
        ).select_related("plan")

    def offered(self, plan: Plan, *, currency: str, unit: str, now: datetime) -> Price | None:
        """The newest price on sale of a plan in a currency for one `unit` ("month", "year"); None when there is
        none.
        """
        return (
            self.on_sale(now)
            .filter(plan=plan, currency=currency, interval_unit=unit, interval_count=1)
            .order_by("-version")
            .first()
        )


class Price(models.Model):
    """A plan's amount, currency and interval. A trigger refuses every edit but closing it.

    `tax_included`: the amount is what everybody pays, whatever the tax in it; otherwise tax is added to it.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="prices")
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount"))
    tax_included = models.BooleanField(
        _("tax included"),
        default=True,
        db_default=True,
        help_text=_("Prices for consumers include tax. Otherwise the tax of the customer's country is added."),
    )
    interval_unit = models.CharField(_("interval"), max_length=5, choices=IntervalUnit.choices)
    interval_count = models.PositiveSmallIntegerField(_("every"), default=1)
    version = models.PositiveIntegerField(_("version"), default=1)
    available_from = models.DateTimeField(_("available from"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    amount = MoneyColumn("amount")
    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["plan", "currency", "amount_minor", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "currency", "interval_unit", "interval_count", "version"],
                name="memberships_price_version_once",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="memberships_price_not_negative"),
            models.CheckConstraint(
                condition=Q(version__gt=COMPLIMENTARY) | Q(amount_minor=0, closed_at=F("available_from")),
                name="memberships_complimentary_price_is_not_sold",
            ),
            models.CheckConstraint(condition=Q(interval_count__gte=1), name="memberships_price_interval_positive"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="memberships_price_currency_code"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("available_from")),
                name="memberships_price_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan.name}: {self.amount} / {self.interval_label} (v{self.version})"

    @property
    def interval(self) -> Interval:
        return Interval(Unit(self.interval_unit), self.interval_count)

    @property
    def interval_label(self) -> str:
        """ "month", "3 months": for people."""
        label = IntervalUnit(self.interval_unit).label
        return str(label) if self.interval_count == 1 else f"{self.interval_count} × {label}"

    @property
    def is_free(self) -> bool:
        return self.amount_minor == 0

    @property
    def per_month(self) -> Fraction:
        """Minor units per month, exact: the measure by which prices of different intervals compare."""
        return Fraction(self.amount_minor) / self.interval.months_per_interval

    def is_on_sale_at(self, now: datetime) -> bool:
        """Whether a customer can choose it at `now`; the plan must be open too."""
        open_price = self.available_from <= now and (self.closed_at is None or self.closed_at > now)
        return open_price and self.plan.is_open
