"""Ordering early by several hands at once."""

from datetime import UTC, datetime

from apps.billing import collection
from apps.billing.models import Invoice
from apps.memberships import renewals, resting, services
from apps.memberships.models import Period
from apps.memberships.services import advancing
from tests.factories import memberships as make
from tests.memberships.together import together

JOINED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
END = datetime(2026, 2, 28, 9, 0, tzinfo=UTC)
JUST_BEFORE = datetime(2026, 2, 28, 8, 59, 59, tzinfo=UTC)
ROUNDS = 4


def test_two_windows_order_one(own_database, gateway):
    member = make.box_subscriber(gateway, now=JOINED)

    def click() -> None:
        advancing.renew_early(member.pk, customer=member.customer, now=JOINED)
        collection.collect_due(now=JOINED)

    assert together(*[click] * 4) == []
    assert Invoice.objects.filter(reason="renewal").count() == 1
    assert Period.objects.filter(subscription=member).count() == 2


def test_a_click_while_the_worker_bills_the_same_period_or_it_is_to_pause(own_database, gateway):
    for _round in range(ROUNDS):
        member = make.box_subscriber(gateway, now=JOINED)
        problems = together(
            lambda member=member: advancing.renew_early(member.pk, customer=member.customer, now=JUST_BEFORE),
            lambda: renewals.bill_due(now=END),
            lambda member=member: services.request_pause(
                member.pk, months=1, customer=member.customer, now=JUST_BEFORE
            ),
            lambda: resting.pause_due(now=END),
        )
        assert problems == []
        starts = list(Period.objects.filter(subscription=member).order_by("start").values_list("start", flat=True))
        assert starts in ([JOINED], [JOINED, END])
        member.refresh_from_db()
        assert member.pause_at in (None, member.current_end)
