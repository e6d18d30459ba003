"""A planned step from one version of a price to another, and what staff decided about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from modeltrans.fields import TranslationField

from apps.core.translations import TranslatedQuerySet

from .plans import Price


class PriceChangeStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    PLANNED = "planned", _("planned")
    DONE = "done", _("done")
    WITHDRAWN = "withdrawn", _("withdrawn")


class WithoutConsent(models.TextChoices):
    KEEP = "keep", _("keeps the old price")
    END = "end", _("the membership ends on that date")


def notice_days() -> list[int]:
    """Days before the renewal at which a notice is due: the shop's default in law."""
    return [35, 10]


class PriceChangeQuerySet(TranslatedQuerySet["PriceChange"]):
    def planned(self) -> PriceChangeQuerySet:
        return self.filter(status=PriceChangeStatus.PLANNED)

    def to_write(self) -> PriceChangeQuerySet:
        """Planned changes whose promises are not all written, oldest first.

        One whose members still have a promise of an earlier, withdrawn change waits until that is closed.
        """
        from .promises import PricePromise

        earlier = PricePromise.objects.open().filter(old_price=OuterRef("old_price")).exclude(change=OuterRef("pk"))
        return self.planned().filter(~Exists(earlier), written_at=None).order_by("planned_at", "pk")

    def to_finish(self) -> PriceChangeQuerySet:
        """Planned changes of which nothing is left to happen."""
        from .promises import PricePromise

        left = PricePromise.objects.open().filter(change=OuterRef("pk"))
        return self.planned().filter(~Exists(left), written_at__isnull=False)


class PriceChange(models.Model):
    """The members on `old_price` move to `new_price`, each at the first renewal at or after `effective_at` and after
    their protection, if they agree. A trigger refuses to edit the terms once it is planned.

    `protected_months` keeps the price for so many months from the day a member joined; `protected_until` keeps it for
    all until an instant. `written_up_to` is the last subscription that has its promise, `written_at` when all had.
    """

    old_price = models.ForeignKey(Price, models.PROTECT, related_name="changes_away", verbose_name=_("from the price"))
    new_price = models.ForeignKey(Price, models.PROTECT, related_name="changes_to", verbose_name=_("to the price"))
    status = models.CharField(
        _("status"), max_length=10, choices=PriceChangeStatus.choices, default=PriceChangeStatus.DRAFT
    )
    effective_at = models.DateTimeField(
        _("takes effect"), help_text=_("Each member changes at their own first renewal at or after this instant.")
    )
    notice_days = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("notices, days before the renewal"),
        default=notice_days,
        help_text=_("Falling whole days, such as 35, 10."),
    )
    explanation = models.TextField(_("explanation"), help_text=_("Why the price changes, for the customers to read."))
    without_consent = models.CharField(
        _("a member who does not agree"),
        max_length=4,
        choices=WithoutConsent.choices,
        default=WithoutConsent.KEEP,
    )
    protected_months = models.PositiveSmallIntegerField(
        _("protected for months after joining"),
        null=True,
        blank=True,
        help_text=_("A member keeps the old price at least so many months from the day they joined."),
    )
    protected_until = models.DateTimeField(
        _("protected until"), null=True, blank=True, help_text=_("All members keep the old price until then.")
    )
    created_at = models.DateTimeField(_("created at"))
    planned_at = models.DateTimeField(_("planned at"), null=True, blank=True)
    settled_at = models.DateTimeField(_("done or withdrawn at"), null=True, blank=True)
    written_up_to = models.BigIntegerField(default=0, editable=False)
    written_at = models.DateTimeField(_("promises written at"), null=True, blank=True, editable=False)
    i18n = TranslationField(fields=("explanation",))

    objects = PriceChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["old_price"], condition=Q(status="planned"), name="memberships_one_planned_change"
            ),
            models.CheckConstraint(
                condition=~Q(old_price=models.F("new_price")), name="memberships_price_change_changes"
            ),
            models.CheckConstraint(condition=Q(notice_days__len__gte=1), name="memberships_price_change_is_notified"),
            models.CheckConstraint(condition=~Q(explanation=""), name="memberships_price_change_is_explained"),
            models.CheckConstraint(
                name="memberships_price_change_dates",
                condition=Q(status="draft", planned_at=None, settled_at=None)
                | Q(status="planned", planned_at__isnull=False, settled_at=None)
                | Q(status="done", planned_at__isnull=False, settled_at__isnull=False)
                | Q(status="withdrawn", settled_at__isnull=False),
            ),
        ]

    explanation_i18n: str

    def __str__(self) -> str:
        return f"{self.old_price} → {self.new_price.amount} (v{self.new_price.version})"

    @property
    def rise_minor(self) -> int:
        """By how much the price of one period rises, in minor units; negative when it falls."""
        return self.new_price.amount_minor - self.old_price.amount_minor

    @property
    def needs_consent(self) -> bool:
        return self.rise_minor > 0

    @property
    def first_notice(self) -> timedelta:
        """How long before the renewal the first notice is due."""
        return timedelta(days=max(self.notice_days))

    def earliest(self, now: datetime) -> datetime:
        """The earliest instant a member's price can change when the notices begin at `now`."""
        return now + self.first_notice


class PriceChangeEntry(models.Model):
    """What happened to a price change, and by whom. Append-only by trigger."""

    change = models.ForeignKey(PriceChange, models.PROTECT, related_name="history")
    old = models.CharField(_("from"), max_length=10, blank=True)
    new = models.CharField(_("to"), max_length=10, choices=PriceChangeStatus.choices)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    actor = models.CharField(_("by"), max_length=254)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("history entry")
        verbose_name_plural = _("history")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"
