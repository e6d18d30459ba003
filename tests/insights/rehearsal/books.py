"""Books to rehearse, and what can be read from the database about them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Card
from apps.memberships import services
from apps.memberships.models import Subscription
from tests.factories import accounts, memberships

DAY = timedelta(days=1)


def mixed(gateway: Rehearsal, *, now: datetime) -> dict[str, Subscription]:
    """Members of all sorts, who joined in the months before `now`, so that each of them has something coming."""
    people = {
        "monthly": memberships.member(gateway, "grove", now=now - 20 * DAY),
        "dear": memberships.member(gateway, "estate", now=now - 12 * DAY),
        "evening": memberships.member(gateway, "grove", now=now.replace(hour=23, minute=58) - 9 * DAY),
        "yearly": memberships.member(gateway, "grove", unit="year", now=now - 345 * DAY),
        "soon": memberships.member(gateway, "grove", unit="year", now=now - 360 * DAY),
        "abroad": memberships.member(gateway, now=now - 5 * DAY, user=accounts.customer(country="DE")),
        "dollars": memberships.join(
            gateway,
            memberships.price("grove", currency="USD"),
            now=now - 16 * DAY,
            user=accounts.customer(country="US", currency="USD", time_zone="America/New_York"),
        ).subscription,
        "discounted": memberships.member(
            gateway, now=now - 18 * DAY, promotion=memberships.promotion(now=now - 30 * DAY)
        ),
        "expiring": memberships.member(gateway, now=now - 14 * DAY),
        "weekly": memberships.join(
            gateway, memberships.week_price("grove", amount_minor=350), now=now - 3 * DAY
        ).subscription,
        "leaving": memberships.member(gateway, now=now - 25 * DAY),
        "free": memberships.free_member(now=now - 40 * DAY),
    }
    expire_card(people["expiring"], on=now)
    leaving = people["leaving"]
    services.request_cancel(leaving.pk, customer=leaving.customer, reason="not_using", now=now - DAY)
    return {name: Subscription.objects.get(pk=row.pk) for name, row in people.items()}


def expire_card(subscription: Subscription, *, on: datetime) -> Card:
    """Let the member's card be good until the end of the month of `on`."""
    card = Card.objects.get(profile__user=subscription.customer)
    card.exp_year, card.exp_month = on.year, on.month
    card.save(update_fields=["exp_year", "exp_month"])
    return card


def checksums() -> dict[str, str]:
    """A checksum of the rows of every table of the database, and the position of every sequence."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relkind FROM pg_class c"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S') ORDER BY c.relname"
        )
        found = {}
        for name, kind in cursor.fetchall():
            what = (
                f"SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM public.\"{name}\" t"
                if kind == "r"
                else f'SELECT last_value::text FROM public."{name}"'
            )
            cursor.execute(what)
            found[name] = cursor.fetchone()[0]
    return found
