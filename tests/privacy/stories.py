"""A customer with a long story, so that every table that can know of them does; and who still names them."""

from datetime import datetime, timedelta

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from apps.accounts.models import User
from apps.billing import refunds
from apps.catalog import lifecycle as review_lifecycle
from apps.catalog import reviews
from apps.catalog.models import GuideView, Product
from apps.memberships import services
from apps.memberships.declarations import handle_due
from apps.memberships.services import withdrawing
from apps.orders import baskets, fulfilling
from tests.factories import accounts, catalog, gifts, orders
from tests.factories import memberships as make
from tests.memberships.declarations.saying import say

NAME, EMAIL = "Ludovica Zagarella", "ludovica@zagarella.example"


def lived(gateway, *, now: datetime) -> User:
    """Joined, changed, paused, cancelled, undid, gave, declared, withdrew: everything is settled now."""
    catalog.stock()
    make.plans()
    user = accounts.marketable(email=EMAIL, name=NAME)
    member = make.member(gateway, now=now, user=user)
    services.change_plan(member.pk, make.price("conservatory").pk, customer=user, now=now + timedelta(days=1))
    services.request_pause(member.pk, customer=user, months=1, now=now + timedelta(days=2))
    services.undo_pause(member.pk, customer=user, now=now + timedelta(days=2))
    services.request_cancel(member.pk, customer=user, note=f"I am {NAME}.", now=now + timedelta(days=2))
    services.undo_cancel(member.pk, customer=user, now=now + timedelta(days=2))
    GuideView.objects.create(customer=user, product=Product.objects.guides().first(), locked=False, at=now)
    gifts.bought(gateway, now=now, buyer=user, email="bea@example.com", greeting=f"Yours, {NAME}")
    gifts.bought(gateway, now=now, email=EMAIL, greeting=f"For {NAME}")
    say("cancel", EMAIL, name=NAME, contract="no. 4711", cause="", now=now + timedelta(days=3))
    handle_due(now=now + timedelta(days=3))
    member.refresh_from_db()
    withdrawing.withdraw(member.pk, customer=user, declared_at=now + timedelta(days=4), now=now + timedelta(days=4))
    refunds.carry_out_due(now=now + timedelta(days=4))
    _ordered(gateway, user, now=now + timedelta(days=4))
    LogEntry.objects.create(
        user=accounts.staff(), content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk),
        object_repr=str(user), action_flag=CHANGE, action_time=now,
    )  # fmt: skip
    return user


def _ordered(gateway, user: User, *, now: datetime) -> None:
    """Two orders that have arrived, one of them as a guest, and a review of what was in them."""
    spade = catalog.product(left=10)
    [variant] = spade.variants.all()
    home = {**orders.HOME, "name": NAME, "line1": f"c/o {NAME}"}
    bundle = catalog.bundle(("Spades", 2, [variant]))
    mine = orders.paid(gateway, (variant, 1), (bundle, 1), customer=user, address=home, now=now)
    as_guest = orders.paid(gateway, (variant, 2), address=home, email=EMAIL, name=NAME, now=now)
    for order in (mine, as_guest):
        fulfilling.pack(order.pk, actor="staff@example.com", now=now)
        fulfilling.ship(order.pk, carrier="DHL", tracking_number="", actor="staff@example.com", now=now)
        fulfilling.deliver(order.pk, actor="staff@example.com", now=now)
    baskets.add(baskets.open_for(customer=user, token=None, now=now), variant.pk, quantity=1, currency="EUR", now=now)
    review = reviews.submit(spade, customer=user, rating=5, title="Good", text=f"It digs. {NAME}", now=now)
    review_lifecycle.publish(review.pk, actor="staff@example.com", now=now)


def who_names(*texts: str) -> dict[str, set[str]]:
    """Every text and JSON column of the database that holds one of the texts: tables and their columns."""
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'bytea')"
        )
        for table, column in cursor.fetchall():
            for text in texts:
                cursor.execute(
                    f'SELECT 1 FROM "{table}" WHERE "{column}"::text ILIKE %s LIMIT 1',
                    [f"%{text}%"],
                )
                if cursor.fetchone():
                    found.setdefault(table, set()).add(column)
    return found
