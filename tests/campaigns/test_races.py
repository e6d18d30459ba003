"""Several workers at once: one letter, one notice, one letter in three days."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from django.db import connection

from apps.campaigns import journeys, notices, reviewing
from apps.campaigns.models import Enrollment, ReviewRequest
from apps.mail.models import Message
from apps.memberships.models import Subscription
from apps.orders import fulfilling
from tests.factories import accounts as people
from tests.factories import catalog, orders
from tests.factories import memberships as members
from tests.factories import offers as make

DAY = timedelta(days=1)
WORKERS = 4


def together(work, **how) -> list[int]:
    """Run the same work in several threads, each with its own connection, started at the same moment."""
    barrier = Barrier(WORKERS)

    def one(_number: int) -> int:
        barrier.wait()
        try:
            return work(**how)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, range(WORKERS)))


def test_workers_send_each_letter_once(own_database, gateway, now):
    for _ in range(8):
        members.member(gateway, "grove", now=now, user=people.marketable())
    at = now + 3 * DAY
    assert sum(together(journeys.advance, now=at)) == 8
    assert Message.objects.filter(kind="welcome-first-steps").count() == 8
    assert set(Enrollment.objects.values_list("position", "next_at")) == {(2, now + 14 * DAY)}


def test_the_cap_holds_between_workers(own_database, gateway, now):
    user = make.customer_in("treatment", "winback", marketing=True)
    members.member(gateway, "grove", now=now, user=user)
    welcome = Enrollment.objects.get()
    for number in range(3):
        campaign = type(welcome.campaign).objects.create(slug=f"more-{number}", name="More", trigger="joined")
        campaign.steps.create(position=1, delay_days=3, letter="first_steps")
        Enrollment.objects.create(
            campaign=campaign,
            customer=user,
            subscription=welcome.subscription,
            key=f"more:{number}",
            position=1,
            next_at=welcome.next_at,
            started_at=now,
        )
    together(journeys.advance, now=welcome.next_at)
    assert Message.objects.filter(stream="marketing").count() == 1


def test_workers_give_each_notice_once(own_database, gateway, now):
    for _ in range(6):
        members.member(gateway, "grove", unit="year", now=now)
    renewal = Subscription.objects.first().next_bill_at
    assert sum(together(notices.give_due, now=renewal - 35 * DAY)) == 6
    assert Message.objects.filter(kind="renewal-notice").count() == 6


def test_workers_ask_for_a_review_once(own_database, gateway, now):
    lemon = catalog.product().variants.get()
    for _ in range(6):
        order = orders.paid(gateway, (lemon, 1), now=now, customer=people.marketable())
        fulfilling.pack(order.pk, actor="staff@example.com", now=now)
        fulfilling.ship(order.pk, carrier="GLS", actor="staff@example.com", now=now)
        fulfilling.deliver(order.pk, actor="staff@example.com", now=now)
    assert sum(together(reviewing.ask_due, now=now + 10 * DAY)) == 6
    assert Message.objects.filter(kind="review-request").count() == 6
    assert ReviewRequest.objects.count() == 6
