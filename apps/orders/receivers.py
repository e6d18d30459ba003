"""What orders does when billing or memberships announce something, and when somebody signs in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts.models import User
from apps.billing import signals as billing
from apps.core import clock
from apps.memberships import signals as memberships

from . import baskets, settling
from .boxes import ending, joining, owing


@receiver(billing.invoices_paid, dispatch_uid="orders.paid")
def invoices_paid(*, invoice_ids: Sequence[int], now: datetime, **kwargs) -> None:
    settling.paid(invoice_ids, now=now)


@receiver(billing.payment_failed, dispatch_uid="orders.failed")
def payment_failed(*, invoice_id: int, payment_id: int, now: datetime, **kwargs) -> None:
    settling.failed(invoice_id, payment_id, now=now)


@receiver(billing.invoice_voided, dispatch_uid="orders.voided")
def invoice_voided(*, invoice_id: int, now: datetime, **kwargs) -> None:
    settling.voided(invoice_id, now=now)


@receiver(memberships.periods_paid, dispatch_uid="orders.boxes_owed")
def periods_paid(*, period_ids: Sequence[int], now: datetime, **kwargs) -> None:
    owing.owe(period_ids, now=now)


@receiver(memberships.subscription_ended, dispatch_uid="orders.boxes_ended")
def subscription_ended(*, subscription_id: int, reason: str, now: datetime, **kwargs) -> None:
    ending.ended(subscription_id, reason=reason, now=now)


@receiver(memberships.goods_asked_for, dispatch_uid="orders.boxes_out")
def goods_asked_for(*, subscription_id: int, **kwargs) -> bool:
    return ending.has_parcel(subscription_id)


@receiver(memberships.destinations_asked_for, dispatch_uid="orders.boxes_go_to")
def destinations_asked_for(*, contracts: Collection[tuple[int, str]], **kwargs) -> dict[tuple[int, str], str]:
    return joining.countries(contracts)


@receiver(user_logged_in, dispatch_uid="orders.basket")
def signed_in(*, request: HttpRequest | None, user: User, **kwargs) -> None:
    """The basket of the session becomes the customer's. An edge: the page that signs in knows nothing of baskets."""
    session = getattr(request, "session", None)
    if session is None:
        return
    kept = session.get(baskets.SESSION_KEY) or {}
    if kept.get("token"):
        baskets.merge(kept["token"], customer=user, now=clock.now())
    found = baskets.find(customer=user, token=None)
    session[baskets.SESSION_KEY] = {"count": baskets.count(found)}
