"""One free trial for each person and each card."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.billing.models import Card

from .subscriptions import Subscription


class TrialUseQuerySet(models.QuerySet["TrialUse"]):
    def by(self, customer: User, *, groups: Collection[str]) -> TrialUseQuerySet:
        """Trials of the groups that this person had, or that were taken with a card of theirs."""
        cards = Card.objects.of(customer).exclude(fingerprint="").order_by().values("fingerprint")
        return self.filter(Q(customer=customer) | Q(fingerprint__in=cards), plan_group__in=groups)


class TrialUse(models.Model):
    """A trial that was begun. It stays when the membership is over: nobody has a second one.

    `fingerprint` is the gateway's name for the card's number, the same whoever saves it; empty where it gives none.
    """

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="trials")
    plan_group = models.SlugField(_("group"))
    fingerprint = models.CharField(_("card fingerprint"), max_length=255, blank=True)
    subscription = models.OneToOneField(Subscription, on_delete=models.PROTECT, related_name="trial_use")
    began_at = models.DateTimeField(_("began at"))

    objects = TrialUseQuerySet.as_manager()

    class Meta:
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        ordering = ["-began_at"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "plan_group"], name="memberships_one_trial_per_person"),
            models.UniqueConstraint(
                fields=["fingerprint", "plan_group"],
                condition=~Q(fingerprint=""),
                name="memberships_one_trial_per_card",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.plan_group}"
