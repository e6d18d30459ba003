"""A book of members whose renewals are due, built in bulk; their cards are known to the sandbox."""

from __future__ import annotations

import json
import urllib.request
from datetime import datetime
from itertools import batched

from django.conf import settings
from django.db.models import OuterRef, Subquery

from apps.accounts.models import User
from apps.billing.models import Card, Profile
from apps.core import periods
from apps.memberships.models import Subscription
from tests.factories import memberships


def build(count: int, *, due_at: datetime, tag: str, in_sandbox: bool = True) -> list[Subscription]:
    """`count` active Grove members, monthly, whose first period ends at `due_at`; nothing is billed yet. Without
    `in_sandbox` their cards cannot be charged."""
    price = memberships.price("grove")
    anchor = _month_before(due_at)
    users = User.objects.bulk_create(
        User(email=f"{tag}{number}@example.com", name=f"Member {number}", joined_at=anchor) for number in range(count)
    )
    profiles = Profile.objects.bulk_create(
        Profile(user=user, gateway_customer_id=f"cus_{tag}{user.pk}", created_at=anchor) for user in users
    )
    cards = Card.objects.bulk_create(
        Card(
            profile=profile,
            gateway_id=f"pm_{tag}{profile.user_id}",
            brand="visa",
            last4="4242",
            exp_month=12,
            exp_year=2099,
            created_at=anchor,
        )
        for profile in profiles
    )
    for profile, card in zip(profiles, cards, strict=True):
        profile.default_card = card
    theirs = Card.objects.filter(profile=OuterRef("pk")).values("pk")
    Profile.objects.filter(pk__any=[profile.pk for profile in profiles]).update(default_card=Subquery(theirs))
    if in_sandbox:
        _tell_sandbox(profiles)
    first = periods.period(anchor, 0, price.interval, "Europe/Rome")
    return Subscription.objects.bulk_create(
        Subscription(
            customer=user,
            price=price,
            plan=price.plan,
            plan_group=price.plan.group,
            status="active",
            anchor=anchor,
            zone="Europe/Rome",
            current_start=first.start,
            current_end=first.end,
            next_bill_at=first.end,
            started_at=anchor,
            created_at=anchor,
        )
        for user in users
    )


def _month_before(moment: datetime) -> datetime:
    """An anchor whose first monthly period ends at `moment`; the test chooses days that every month has."""
    month = moment.month - 1 or 12
    return moment.replace(month=month, year=moment.year - (moment.month == 1))


def _tell_sandbox(profiles: list[Profile]) -> None:
    for some in batched(profiles, 500, strict=False):
        customers = [
            {
                "id": profile.gateway_customer_id,
                "email": profile.user.email,
                "name": profile.user.name,
                "payment_methods": [
                    {
                        "id": profile.default_card.gateway_id,
                        "number": "4242424242424242",
                        "exp_month": 12,
                        "exp_year": 2099,
                    }
                ],
            }
            for profile in some
        ]
        request = urllib.request.Request(
            f"{settings.STRIPE_API_BASE}/_control/import",
            data=json.dumps({"customers": customers}).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request).close()
