"""What campaigns does when memberships and offers announce something."""

from datetime import datetime

from django.dispatch import receiver

from apps.memberships import signals as memberships
from apps.memberships.models import Subscription
from apps.offers import signals as offers

from . import services


def _subscription(subscription_id: int) -> Subscription:
    return Subscription.objects.select_related("price", "customer").get(pk=subscription_id)


@receiver(memberships.subscription_activated, dispatch_uid="campaigns.joined")
def joined(*, subscription_id: int, now: datetime, **kwargs) -> None:
    services.joined(_subscription(subscription_id), now=now)


@receiver(memberships.subscription_ended, dispatch_uid="campaigns.left")
def left(*, subscription_id: int, reason: str, now: datetime, **kwargs) -> None:
    services.left(_subscription(subscription_id), reason=reason, now=now)


@receiver(offers.upgrades_suggested, dispatch_uid="campaigns.upgrades_suggested")
def upgrades_suggested(*, offer_ids: list[int], now: datetime, **kwargs) -> None:
    services.upgrades_suggested(offer_ids, now=now)
