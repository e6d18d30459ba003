"""A subscription that cannot be billed is put aside with its reason, for a person; the others go on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.memberships import lifecycle
from apps.memberships.errors import NotOpen
from apps.memberships.models import History, HistoryKind, Subscription


@transaction.atomic
def park(reasons: Mapping[int, str], *, now: datetime) -> None:
    """Put subscriptions aside; `reasons` maps their ids to why. One parked before keeps its first reason."""
    rows = list(Subscription.objects.filter(pk__in=reasons, parked_at=None).select_for_update())
    for row in rows:
        row.parked_at = now
        row.parked_reason = reasons[row.pk]
    Subscription.objects.bulk_update(rows, ["parked_at", "parked_reason"])
    History.objects.bulk_create(
        History(
            subscription=row,
            kind=HistoryKind.PARK,
            new=_("parked"),
            reason=row.parked_reason[:500],
            actor=lifecycle.SYSTEM,
            at=now,
        )
        for row in rows
    )


@transaction.atomic
def unpark(subscription_id: int, *, actor: str, now: datetime) -> Subscription:
    """Let the workers take the subscription up again; every period it missed is billed. Raises NotOpen if not
    parked.
    """
    subscription = Subscription.objects.select_for_update().filter(pk=subscription_id, parked_at__isnull=False).first()
    if subscription is None:
        raise NotOpen(_("This subscription is not parked."))
    reason = subscription.parked_reason
    subscription.parked_at = None
    subscription.parked_reason = ""
    subscription.save(update_fields=["parked_at", "parked_reason"])
    lifecycle.record(subscription, HistoryKind.UNPARK, old=_("parked"), reason=reason[:500], actor=actor, now=now)
    return subscription
