"""Memberships tell what happened; offers close what it answers."""

from datetime import datetime

from django.dispatch import receiver

from apps.memberships import signals
from apps.memberships.models import EndReason, Subscription

from . import services


@receiver([signals.subscription_activated, signals.subscription_changed], dispatch_uid="offers.settle")
def settle(*, subscription_id: int, now: datetime, **kwargs) -> None:
    """Somebody joined or changed plan: offers that suggested it are answered, and promised points granted."""
    services.settle(Subscription.objects.select_related("price", "plan").get(pk=subscription_id), now=now)


@receiver(signals.subscription_ended, dispatch_uid="offers.withdraw")
def withdraw(*, subscription_id: int, reason: str, now: datetime, **kwargs) -> None:
    """A membership ended: an upgrade offer about it ends too, unless its end is the upgrade."""
    if reason != EndReason.UPGRADED:
        services.withdraw(subscription_id, now=now)
