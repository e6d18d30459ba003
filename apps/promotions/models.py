"""Promotions: a discount rule with or without a code, and who used it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from modeltrans.fields import TranslationField

from apps.core.translations import TranslatedQuerySet

if TYPE_CHECKING:
    from apps.accounts.models import User


class Duration(models.TextChoices):
    ONCE = "once", _("the first period")
    REPEATING = "repeating", _("a number of periods")
    FOREVER = "forever", _("every period")


class PromotionQuerySet(TranslatedQuerySet["Promotion"]):
    def running(self, now: datetime) -> PromotionQuerySet:
        """Switched on, inside its dates and not used up at `now`."""
        return self.filter(
            Q(valid_to=None) | Q(valid_to__gt=now),
            Q(max_redemptions=None) | Q(redeemed__lt=F("max_redemptions")),
            is_active=True,
            valid_from__lte=now,
        )

    def by_code(self, code: str) -> Promotion | None:
        """The promotion of a code as a person types it: case and outer spaces do not count. None when there is none."""
        return self.filter(code=code.strip().upper()).first()


class Promotion(models.Model):
    """A discount on the recurring price, or on the goods of one order: a percentage, or an amount of one currency."""

    code = models.CharField(_("code"), max_length=40, unique=True, null=True, blank=True)
    name = models.CharField(_("name"), max_length=120)
    percent_basis_points = models.PositiveIntegerField(
        _("percentage in basis points"), null=True, blank=True, help_text=_("2500 is 25 %.")
    )
    amount_minor = models.BigIntegerField(
        _("amount"), null=True, blank=True, help_text=_("In the smallest unit of the currency.")
    )
    currency = models.CharField(_("currency"), max_length=3, null=True, blank=True)
    duration = models.CharField(_("applies to"), max_length=10, choices=Duration.choices, default=Duration.ONCE)
    periods = models.PositiveIntegerField(_("number of periods"), null=True, blank=True)
    for_goods = models.BooleanField(
        _("for goods"),
        default=False,
        db_default=False,
        help_text=_("Its code takes the discount off the goods in a basket, and not off a membership."),
    )
    valid_from = models.DateTimeField(_("valid from"))
    valid_to = models.DateTimeField(_("valid to"), null=True, blank=True)
    max_redemptions = models.PositiveIntegerField(_("most redemptions"), null=True, blank=True)
    redeemed = models.PositiveIntegerField(_("redeemed"), default=0, editable=False)
    is_active = models.BooleanField(_("switched on"), default=True)
    i18n = TranslationField(fields=("name",))

    objects = PromotionQuerySet.as_manager()

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="promotions_percent_or_amount",
                condition=Q(percent_basis_points__isnull=False, amount_minor=None, currency=None)
                | Q(percent_basis_points=None, amount_minor__isnull=False, currency__isnull=False),
                violation_error_message=_("Give either a percentage, or an amount with its currency."),
            ),
            models.CheckConstraint(
                name="promotions_percent_within_price",
                condition=Q(percent_basis_points=None) | Q(percent_basis_points__range=(1, 10_000)),
                violation_error_message=_("A percentage lies between 1 and 10000 basis points."),
            ),
            models.CheckConstraint(
                name="promotions_amount_positive",
                condition=Q(amount_minor=None) | Q(amount_minor__gt=0),
                violation_error_message=_("An amount is more than zero."),
            ),
            models.CheckConstraint(
                name="promotions_repeating_has_periods",
                condition=Q(duration=Duration.REPEATING, periods__isnull=False, periods__gte=1)
                | (~Q(duration=Duration.REPEATING) & Q(periods=None)),
                violation_error_message=_("Only a repeating promotion has a number of periods, at least 1."),
            ),
            models.CheckConstraint(
                name="promotions_goods_once",
                condition=Q(for_goods=False) | Q(duration=Duration.ONCE),
                violation_error_message=_("A discount on goods is taken once."),
            ),
            models.CheckConstraint(
                name="promotions_dates_in_order",
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                violation_error_message=_("A promotion ends after it starts."),
            ),
            models.CheckConstraint(
                name="promotions_within_limit",
                condition=Q(max_redemptions=None) | Q(redeemed__lte=F("max_redemptions")),
                violation_error_message=_("This promotion was already redeemed more often."),
            ),
            models.CheckConstraint(
                name="promotions_code_upper",
                condition=Q(code=None) | (Q(code=Upper("code")) & ~Q(code="")),
                violation_error_message=_("A code is written in capitals."),
            ),
        ]

    name_i18n: str

    def __str__(self) -> str:
        return f"{self.name_i18n} ({self.code})" if self.code else self.name_i18n

    def periods_granted(self) -> int | None:
        """How many periods the discount lasts; None is for ever."""
        return {Duration.ONCE: 1, Duration.REPEATING: self.periods, Duration.FOREVER: None}[Duration(self.duration)]


class RedemptionQuerySet(models.QuerySet["Redemption"]):
    def counting(self) -> RedemptionQuerySet:
        return self.filter(released_at=None)

    def used_by(self, customer: User, promotion: Promotion) -> bool:
        """Whether the customer has redeemed the promotion (a released redemption does not count). Of guests, who are
        new with each order, the address is the same person."""
        used = self.counting().filter(promotion=promotion)
        if customer.is_guest:
            return used.filter(customer__is_guest=True, customer__contact_email=customer.contact_email).exists()
        return used.filter(customer=customer).exists()


class Redemption(models.Model):
    """One use of a promotion. Released when the purchase it was made for came to nothing."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="redemptions")
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="redemptions")
    key = models.CharField(_("key"), max_length=120, unique=True)
    at = models.DateTimeField(_("at"))
    once = models.BooleanField(_("once per customer"), help_text=_("A code works once for each customer."))
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)

    objects = RedemptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["promotion", "customer"],
                condition=Q(released_at=None, once=True),
                name="promotions_code_once_per_customer",
            )
        ]

    def __str__(self) -> str:
        return f"{self.promotion}: {self.customer}"
