"""What is sold: plans, their benefits, and prices that are never edited."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from functools import reduce
from operator import or_

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _plain
from django.utils.translation import gettext_lazy as _
from modeltrans.fields import TranslationField

from apps.core import periods
from apps.core.models import MoneyColumn
from apps.core.periods import Interval, Unit
from apps.core.translations import TranslatedQuerySet

from . import intervals
from .benefits import Benefit
from .intervals import IntervalUnit, Rhythm

# The group of the membership itself; plans that send goods have groups of their own.
MEMBERSHIP = "membership"


class PlanStatus(models.TextChoices):
    OPEN = "open", _("open to new members")
    CLOSED = "closed", _("closed to new members")


class PlanQuerySet(TranslatedQuerySet["Plan"]):
    def on_sale(self) -> PlanQuerySet:
        """Plans a new member can join, lowest tier first."""
        return self.filter(status=PlanStatus.OPEN).order_by("position", "rank")


class Plan(models.Model):
    """What is sold. A customer holds at most one open subscription per group; `rank` orders the tiers of a group."""

    slug = models.SlugField(_("slug"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    group = models.SlugField(_("group"), default=MEMBERSHIP)
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
    max_quantity = models.PositiveSmallIntegerField(
        _("most in one membership"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("How many seats or boxes one membership may hold; the price is for each of them."),
    )
    sends_goods = models.BooleanField(
        _("sends a parcel"),
        default=False,
        db_default=False,
        help_text=_("Each period something is sent. A change of plan or quantity then waits for the next period."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    colour = models.SlugField(_("colour"), blank=True)
    illustration = models.SlugField(_("illustration"), blank=True)
    i18n = TranslationField(fields=("name", "tagline", "description"))

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["position", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["group", "rank"], name="memberships_one_plan_per_rank"),
            models.CheckConstraint(condition=Q(max_quantity__gte=1), name="memberships_plan_holds_one"),
            models.CheckConstraint(
                condition=Q(sends_goods=False) | ~Q(group=MEMBERSHIP),
                name="memberships_goods_are_no_membership",
                violation_error_message=_("A plan that sends a parcel needs a group of its own."),
            ),
        ]

    name_i18n: str
    tagline_i18n: str
    description_i18n: str

    def __str__(self) -> str:
        return self.name_i18n

    @property
    def is_open(self) -> bool:
        return self.status == PlanStatus.OPEN

    def benefit(self, code: str, default=None):
        """The value of the benefit with this code, or `default` when the plan does not grant it."""
        return next((benefit.value for benefit in self.benefits.all() if benefit.code == code), default)


# The version of a plan's price at which staff give it for free: nobody pays it, and it is never on sale.
COMPLIMENTARY = 0


class PriceQuerySet(models.QuerySet["Price"]):
    def on_sale(self, now: datetime) -> PriceQuerySet:
        """Prices a customer can choose at `now`: of an open plan, available and not closed."""
        return self.filter(
            Q(closed_at=None) | Q(closed_at__gt=now), plan__status=PlanStatus.OPEN, available_from__lte=now
        ).select_related("plan")

    def renewing(self) -> PriceQuerySet:
        """Prices that renew until cancelled: those of a fixed term are chosen on purpose, never instead of another."""
        return self.filter(term_periods=None)

    def monthly_granting(self, code: str) -> PriceQuerySet:
        """What a membership with the benefit of this code costs by the month, in all currencies, for new members of now
        and later."""
        granted = Benefit.objects.granting(code).filter(plan=OuterRef("plan"))
        paid = self.renewing().filter(amount_minor__gt=0, plan__group=MEMBERSHIP, plan__status=PlanStatus.OPEN)
        return paid.filter(Exists(granted), interval_unit="month", interval_count=1)

    def lasting(self, days: Fraction) -> PriceQuerySet:
        """Prices of which one period lasts at least so many days, whatever the unit of its interval."""
        long_enough = [
            Q(interval_unit=least.unit, interval_count__gte=least.count) for least in periods.least_lasting(days)
        ]
        return self.filter(reduce(or_, long_enough))

    def of_rhythm(self, rhythm: Rhythm) -> PriceQuerySet:
        return self.filter(
            interval_unit=rhythm.interval.unit,
            interval_count=rhythm.interval.count,
            term_periods=rhythm.term_periods,
        )

    def offered(
        self, plan: Plan, *, currency: str, unit: str, now: datetime, count: int = 1, term_periods: int | None = None
    ) -> Price | None:
        """The newest price on sale of a plan in a currency for every `count` of `unit` ("week", "month", "year"); None
        when there is none. `term_periods` asks for one that ends by itself after so many periods.
        """
        return (
            self.on_sale(now)
            .filter(plan=plan, currency=currency, term_periods=term_periods)
            .filter(interval_unit=unit, interval_count=count)
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
    interval_count = models.PositiveSmallIntegerField(_("every"), default=1, validators=[MaxValueValidator(60)])
    trial_days = models.PositiveSmallIntegerField(
        _("free trial, days"),
        default=0,
        validators=[MaxValueValidator(730)],
        help_text=_("Nothing is charged before it is over; 0 is without a trial."),
    )
    term_periods = models.PositiveSmallIntegerField(
        _("ends after so many periods"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
        help_text=_("The membership then ends by itself; empty is until cancelled."),
    )
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
                fields=["plan", "currency", "interval_unit", "interval_count", "term_periods", "version"],
                nulls_distinct=False,
                name="memberships_price_version_once",
            ),
            models.CheckConstraint(
                condition=Q(term_periods=None) | Q(term_periods__range=(1, 120), amount_minor__gt=0),
                name="memberships_price_term_of_paid_periods",
            ),
            models.CheckConstraint(
                condition=Q(trial_days=0) | Q(trial_days__lte=730, amount_minor__gt=0),
                name="memberships_price_trial_of_paid_plan",
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
        return f"{self.plan}: {self.amount} / {self.interval_label} (v{self.version})"

    def is_available(self, now: datetime) -> bool:
        """Whether `on_sale` finds it at `now` while its plan is open."""
        return self.available_from <= now and (self.closed_at is None or self.closed_at > now)

    @property
    def interval(self) -> Interval:
        return Interval(Unit(self.interval_unit), self.interval_count)

    @property
    def rhythm(self) -> Rhythm:
        """How often it is charged and how many times: the periods of two prices of one rhythm fall together."""
        return Rhythm(self.interval, self.term_periods)

    @property
    def interval_label(self) -> str:
        """ "month", "3 months", with the number of periods of a fixed term: for people."""
        unit = IntervalUnit(self.interval_unit).label
        label = str(unit) if self.interval_count == 1 else intervals.length(self.interval)
        return label if self.term_periods is None else f"{label} × {self.term_periods}"

    @property
    def per(self) -> str:
        """What the amount is for: "a month", "every 3 months", "a month plus VAT"."""
        interval = intervals.per(self.interval)
        return interval if self.tax_included else _plain("%(every)s plus VAT") % {"every": interval}

    @property
    def every(self) -> str:
        """How often it is charged, within a sentence: "every month"."""
        return intervals.every(self.interval)

    @property
    def often(self) -> str:
        """How often it is charged, as a choice: "Monthly"."""
        return intervals.often(self.interval)

    @property
    def term_label(self) -> str:
        """How long a fixed term lasts: "6 months"; empty for a price that renews until cancelled."""
        if self.term_periods is None:
            return ""
        return intervals.length(Interval(self.interval.unit, self.interval_count * self.term_periods))

    @property
    def is_free(self) -> bool:
        return self.amount_minor == 0

    @property
    def per_month(self) -> Fraction:
        """Minor units per month, exact, as recurring revenue counts them."""
        return Fraction(self.amount_minor) / self.interval.months_per_interval

    @property
    def per_day(self) -> Fraction:
        """Minor units per day, exact: the measure by which prices of different intervals compare."""
        return Fraction(self.amount_minor) / self.interval.days_per_interval

    def is_on_sale_at(self, now: datetime) -> bool:
        """Whether a customer can choose it at `now`; the plan must be open too."""
        open_price = self.available_from <= now and (self.closed_at is None or self.closed_at > now)
        return open_price and self.plan.is_open
