"""Offers to one customer, the policies they are made by, and what brings people back."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.money import Money
from apps.memberships.models import CancelReason, EndReason

from . import wording


class Kind(models.TextChoices):
    UPGRADE = "upgrade", _("Upgrade")
    WINBACK = "winback", _("Win-back")


class OfferPolicyQuerySet(models.QuerySet["OfferPolicy"]):
    def current(self, kind: str) -> OfferPolicy:
        """The version in force. DoesNotExist when the kind has no policy."""
        return self.filter(kind=kind).order_by("-version")[:1].get()

    def in_force(self) -> OfferPolicyQuerySet:
        """The last version of each kind."""
        return self.order_by("kind", "-version").distinct("kind")


class OfferPolicy(models.Model):
    """How offers of one kind are made. Append-only: a change is a new version, and each offer names its version."""

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    version = models.PositiveIntegerField(_("version"), editable=False)
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Inactive: no new offers of this kind."))
    holdout_percent = models.PositiveSmallIntegerField(
        _("control group, %"),
        default=10,
        validators=[MaxValueValidator(50)],
        help_text=_("So many percent of customers are never shown the offer, so that its effect can be measured."),
    )
    valid_days = models.PositiveSmallIntegerField(_("valid for, days"), default=30, validators=[MinValueValidator(1)])
    quiet_days = models.PositiveSmallIntegerField(
        _("quiet time, days"),
        default=90,
        help_text=_("Upgrade: the rest after an offer was answered or ended. Win-back: no second incentive so soon."),
    )
    lookback_days = models.PositiveSmallIntegerField(
        _("behaviour of the last days"), default=30, validators=[MinValueValidator(1)]
    )
    min_guides = models.PositiveSmallIntegerField(
        _("locked guides opened, at least"), default=2, validators=[MinValueValidator(1)]
    )
    min_points = models.PositiveIntegerField(
        _("points missed, at least"), default=100, validators=[MinValueValidator(1)]
    )
    created_at = models.DateTimeField(_("created"), editable=False)

    objects = OfferPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer policy")
        verbose_name_plural = _("offer policies")
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="offers_policy_version"),
            models.CheckConstraint(condition=Q(holdout_percent__lte=50), name="offers_policy_holdout"),
            models.CheckConstraint(
                condition=Q(valid_days__gte=1, lookback_days__gte=1, min_guides__gte=1, min_points__gte=1),
                name="offers_policy_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} v{self.version}"


class PlanRule(models.TextChoices):
    SAME = "same", _("The plan they had")
    LOWER = "lower", _("The next cheaper plan")
    HIGHER_AT_OLD_PRICE = "higher_at_old_price", _("The next plan up, at the price they paid")


LEAVING = [*CancelReason.choices, (EndReason.PAYMENT, EndReason.PAYMENT.label)]


class WinbackIncentive(models.Model):
    """What is offered to somebody who left for a reason. No row, or an inactive one: no offer is made."""

    reason = models.CharField(_("reason for leaving"), max_length=40, unique=True, choices=LEAVING)
    plan_rule = models.CharField(_("plan"), max_length=30, choices=PlanRule, default=PlanRule.SAME)
    promotion = models.ForeignKey(
        "promotions.Promotion", models.PROTECT, null=True, blank=True, verbose_name=_("promotion"), related_name="+"
    )
    points = models.PositiveIntegerField(_("points on return"), default=0)
    old_price_periods = models.PositiveSmallIntegerField(
        _("periods at the old price"), default=2, validators=[MinValueValidator(1)]
    )
    fallback_points = models.PositiveIntegerField(
        _("points when there is no such plan"),
        default=0,
        help_text=_("Given on the plan they had, when no cheaper plan or no plan above is on sale."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("win-back incentive")
        verbose_name_plural = _("win-back incentives")
        ordering = ["reason"]

    def __str__(self) -> str:
        return self.get_reason_display()


class PriceMatch(models.Model):
    """The promotion that sells one price at the amount of another for some periods; made once for each pair."""

    paid = models.ForeignKey("memberships.Price", models.PROTECT, related_name="+")
    sold = models.ForeignKey("memberships.Price", models.PROTECT, related_name="+")
    periods = models.PositiveSmallIntegerField()
    promotion = models.OneToOneField("promotions.Promotion", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("price match")
        verbose_name_plural = _("price matches")
        constraints = [models.UniqueConstraint(fields=["paid", "sold", "periods"], name="offers_one_price_match")]

    def __str__(self) -> str:
        return f"{self.sold} = {self.paid} x{self.periods}"


class Arm(models.TextChoices):
    TREATMENT = "treatment", _("Shown")
    CONTROL = "control", _("Control group")


class Status(models.TextChoices):
    OPEN = "open", _("Open")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Ended")


class OfferQuerySet(models.QuerySet["Offer"]):
    def open_at(self, now: datetime) -> OfferQuerySet:
        """Neither decided nor past their end."""
        return self.filter(status=Status.OPEN, expires_at__gt=now)

    def shown(self) -> OfferQuerySet:
        """Those a customer may see: never the control arm."""
        return self.filter(arm=Arm.TREATMENT)

    def for_customer(self, customer, kind: str, now: datetime) -> Offer | None:
        """The offer of this kind to show to the customer now, or None. Never one of the control arm."""
        return (
            self.shown()
            .open_at(now)
            .filter(customer=customer, kind=kind)
            .select_related("price__plan", "promotion", "subscription__price__plan")
            .first()
        )

    def due(self, now: datetime) -> OfferQuerySet:
        """Open offers whose end has come."""
        return self.filter(status=Status.OPEN, expires_at__lte=now)


class Offer(models.Model):
    """One suggestion to one customer. The control arm is stored, so that it can be counted, and never shown."""

    token = models.UUIDField(_("token"), default=uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="offers", verbose_name=_("customer")
    )
    subscription = models.ForeignKey(
        "memberships.Subscription", models.PROTECT, related_name="offers", verbose_name=_("membership")
    )
    policy = models.ForeignKey(OfferPolicy, models.PROTECT, related_name="offers", verbose_name=_("policy"))
    key = models.CharField(_("key"), max_length=120, unique=True)
    arm = models.CharField(_("arm"), max_length=10, choices=Arm)
    price = models.ForeignKey("memberships.Price", models.PROTECT, related_name="+", verbose_name=_("price"))
    promotion = models.ForeignKey(
        "promotions.Promotion", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("promotion")
    )
    points = models.PositiveIntegerField(_("points"), default=0)
    reason_code = models.CharField(_("reason"), max_length=40)
    reason = models.JSONField(_("what it rests on"), default=dict)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("ends"))
    shown_at = models.DateTimeField(_("first shown"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    converted_at = models.DateTimeField(
        _("did it"), null=True, blank=True, help_text=_("When the customer took the step, in either arm.")
    )

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["customer", "-created_at"], name="offers_offer_by_customer"),
            models.Index(fields=["expires_at"], condition=Q(status="open"), name="offers_offer_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind"], condition=Q(status="open"), name="offers_one_open_of_a_kind"
            ),
            models.CheckConstraint(
                condition=Q(status="open", decided_at=None) | (~Q(status="open") & Q(decided_at__isnull=False)),
                name="offers_decided_when_closed",
            ),
            models.CheckConstraint(
                condition=Q(arm="treatment") | (Q(shown_at=None) & ~Q(status__in=["accepted", "declined"])),
                name="offers_control_is_never_shown",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="offers_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.token}"

    @property
    def reason_text(self) -> str:
        """Why this is suggested, in the active language, with its number."""
        return wording.reason(self.reason_code, self.reason | {"plan": str(self.price.plan)})

    @property
    def terms_text(self) -> str:
        """What it costs, with the promotion and without, in the active language."""
        return wording.terms(self.price, self.promotion)

    @property
    def link(self) -> str:
        """The address of its page."""
        return settings.SITE_URL + reverse("offer_accept", args=[self.token])

    @property
    def needs_signup(self) -> bool:
        """Does taking it mean signing up, with a card, rather than changing a paid membership?"""
        return self.kind == Kind.WINBACK or self.subscription.price.is_free

    @property
    def points_value(self) -> Money:
        """What the points of this offer are worth, in the currency of its price."""
        return wording.worth(self.points, self.price.currency)


class Review(models.Model):
    """When a membership is next looked at for a suggestion: the row is the intent, the sweep carries it out."""

    subscription = models.OneToOneField(
        "memberships.Subscription", models.CASCADE, primary_key=True, related_name="offer_review"
    )
    next_at = models.DateTimeField(_("next look"), db_index=True)
    reviewed_at = models.DateTimeField(_("last look"), null=True)

    class Meta:
        verbose_name = _("offer review")
        verbose_name_plural = _("offer reviews")

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.next_at:%Y-%m-%d}"
