"""Journeys of letters over time, who is on them, and the notices the law asks for."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Trigger(models.TextChoices):
    JOINED = "joined", _("A membership starts")
    LEFT = "left", _("A paid membership ends")
    UPGRADE_SUGGESTED = "upgrade_suggested", _("An upgrade is suggested")


class Letter(models.TextChoices):
    """What a step sends. `emails` writes each of them."""

    FIRST_STEPS = "first_steps", _("Welcome: first steps")
    POINTS = "points", _("Welcome: points")
    UPGRADE = "upgrade", _("Upgrade offer")
    WINBACK = "winback", _("Win-back, by the reason for leaving")
    GOODBYE = "goodbye", _("Win-back, the last letter")


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def on(self, trigger: str) -> CampaignQuerySet:
        """Active campaigns that a trigger starts, with their steps."""
        return self.filter(trigger=trigger, is_active=True).prefetch_related("steps")


class Campaign(models.Model):
    """A journey of letters that something starts. Inactive: nobody new, and those on it wait."""

    slug = models.SlugField(_("slug"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    trigger = models.CharField(_("starts when"), max_length=20, choices=Trigger)
    is_active = models.BooleanField(_("active"), default=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """One letter of a campaign, so many days after the start."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="steps", verbose_name=_("campaign"))
    position = models.PositiveSmallIntegerField(_("position"))
    delay_days = models.PositiveSmallIntegerField(_("days after the start"))
    letter = models.CharField(_("letter"), max_length=20, choices=Letter)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["campaign", "position"]
        constraints = [models.UniqueConstraint(fields=["campaign", "position"], name="campaigns_step_position")]

    def __str__(self) -> str:
        return f"{self.campaign} {self.position}: {self.get_letter_display()}"

    @property
    def delay(self) -> timedelta:
        return timedelta(days=self.delay_days)


class Status(models.TextChoices):
    ACTIVE = "active", _("On the way")
    DONE = "done", _("Finished")
    STOPPED = "stopped", _("Stopped")


class Outcome(models.TextChoices):
    """Why a journey is over."""

    FINISHED = "finished", _("All letters sent")
    NO_CONSENT = "no_consent", _("No consent to marketing")
    RETURNED = "returned", _("Came back")
    LEFT = "left", _("Left")
    REPLACED = "replaced", _("Started anew")
    CONTROL = "control", _("Control group: nothing sent")
    NO_OFFER = "no_offer", _("Nothing to offer any more")
    ERROR = "error", _("A letter could not be written")


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def active(self) -> EnrollmentQuerySet:
        return self.filter(status=Status.ACTIVE)

    def due(self, now: datetime) -> EnrollmentQuerySet:
        """Whose next letter's time has come, in campaigns that are on; the longest waiting first."""
        return self.active().filter(next_at__lte=now, campaign__is_active=True).order_by("next_at", "pk")

    def waiting_for_a_person(self) -> EnrollmentQuerySet:
        """Stopped because a letter could not be written."""
        return self.filter(outcome=Outcome.ERROR)


class Enrollment(models.Model):
    """One customer on one campaign: `position` is the step that comes next, `next_at` when."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="enrollments", verbose_name=_("campaign"))
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="enrollments", verbose_name=_("customer")
    )
    key = models.CharField(_("key"), max_length=120, unique=True)
    subscription = models.ForeignKey(
        "memberships.Subscription", models.PROTECT, related_name="enrollments", verbose_name=_("membership")
    )
    offer = models.ForeignKey(
        "offers.Offer", models.PROTECT, null=True, blank=True, related_name="enrollments", verbose_name=_("offer")
    )
    reason = models.CharField(_("reason for leaving"), max_length=40, blank=True)
    position = models.PositiveSmallIntegerField(_("next step"))
    next_at = models.DateTimeField(_("next letter"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome, blank=True)
    error = models.TextField(_("error"), blank=True)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrollment")
        verbose_name_plural = _("enrollments")
        ordering = ["-started_at", "-pk"]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(status="active"), name="campaigns_enrollment_due"),
            models.Index(fields=["customer", "-started_at"], name="campaigns_by_customer"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "customer"], condition=Q(status="active"), name="campaigns_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(status="active", next_at__isnull=False, ended_at=None, outcome="")
                | (~Q(status="active") & Q(next_at=None, ended_at__isnull=False) & ~Q(outcome="")),
                name="campaigns_active_has_a_next",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.customer}"


class Notice(models.Model):
    """A notice the law asks for, given once for each period and deadline: the row is the claim and the evidence."""

    subscription = models.ForeignKey(
        "memberships.Subscription", models.PROTECT, related_name="notices", verbose_name=_("membership")
    )
    period_end = models.DateTimeField(_("renews"))
    days = models.PositiveSmallIntegerField(_("days before"))
    key = models.CharField(_("key of the mail"), max_length=200, unique=True)
    sent_at = models.DateTimeField(_("given"))

    class Meta:
        verbose_name = _("renewal notice")
        verbose_name_plural = _("renewal notices")
        ordering = ["-sent_at"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "period_end", "days"], name="campaigns_notice_once")
        ]

    def __str__(self) -> str:
        return self.key


class ReviewRequest(models.Model):
    """A customer was asked what they think of a product that has come to them: once for each product, whatever the
    number of orders."""

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="review_requests", verbose_name=_("customer")
    )
    product = models.ForeignKey(
        "catalog.Product", models.CASCADE, related_name="review_requests", verbose_name=_("product")
    )
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="review_requests", verbose_name=_("order"))
    at = models.DateTimeField(_("asked"))

    class Meta:
        verbose_name = _("request for a review")
        verbose_name_plural = _("requests for reviews")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["customer", "-at"], name="campaigns_asked_of_customer")]
        constraints = [models.UniqueConstraint(fields=["customer", "product"], name="campaigns_review_asked_for_once")]

    def __str__(self) -> str:
        return f"{self.customer}: {self.product}"
