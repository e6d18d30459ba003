"""A customer as the payment gateway knows them, and their cards."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ProfileQuerySet(models.QuerySet["Profile"]):
    def of(self, user) -> Profile | None:
        """The profile of a customer with their default card, or None when they never came near a card."""
        return self.select_related("default_card").filter(user=user).first()


class Profile(models.Model):
    """One customer at the gateway."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="billing_profile", verbose_name=_("customer")
    )
    gateway_customer_id = models.CharField(_("gateway customer"), max_length=255, unique=True, null=True, blank=True)
    default_card = models.ForeignKey(
        "billing.Card",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("default card"),
    )
    created_at = models.DateTimeField(_("created"))

    objects = ProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("billing profile")
        verbose_name_plural = _("billing profiles")

    def __str__(self) -> str:
        return str(self.user)


class CardQuerySet(models.QuerySet["Card"]):
    def usable(self) -> CardQuerySet:
        """Cards that were not removed."""
        return self.filter(detached_at=None)

    def of(self, user) -> CardQuerySet:
        """The usable cards of a customer, newest first."""
        return self.usable().filter(profile__user=user).order_by("-created_at")


class Card(models.Model):
    """A saved card. Its number never reaches the shop: only the gateway's id and what is printed on a receipt."""

    profile = models.ForeignKey(Profile, on_delete=models.PROTECT, related_name="cards", verbose_name=_("profile"))
    gateway_id = models.CharField(_("gateway method"), max_length=255, unique=True)
    brand = models.CharField(_("brand"), max_length=40)
    last4 = models.CharField(_("last four digits"), max_length=4)
    exp_month = models.PositiveSmallIntegerField(_("expiry month"))
    exp_year = models.PositiveSmallIntegerField(_("expiry year"))
    fingerprint = models.CharField(_("fingerprint"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("created"))
    detached_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = CardQuerySet.as_manager()

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(exp_month__gte=1, exp_month__lte=12), name="billing_card_month_of_year"
            )
        ]
        indexes = [
            models.Index(
                fields=["exp_year", "exp_month"], name="billing_card_expiry", condition=models.Q(detached_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.brand.title()} •••• {self.last4}"
