"""Notices are given in time, by mail, with every fact; where one was missed, the price stays."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import sweeps
from apps.core.models import SweepRun
from apps.mail.models import Message
from apps.memberships import errors, services
from apps.memberships.models import History, Outcome, PricePromise, PromiseNotice, Subscription
from apps.memberships.services import promises
from tests.factories import accounts
from tests.factories import memberships as make
from tests.factories import promises as promised
from tests.factories.promises import DAY, STAFF, WORDS

pytestmark = pytest.mark.django_db
APRIL = datetime(2026, 4, 10, 8, 0, tzinfo=UTC)


def give(at: datetime) -> int:
    return sweeps.run("memberships.promises", now=at)


def notices() -> list[tuple[int, datetime]]:
    return list(PromiseNotice.objects.order_by("pk").values_list("days", "given_at"))


def state(promise: PricePromise) -> tuple:
    promise.refresh_from_db()
    return promise.next_notice_at, promise.held_at, promise.outcome


def test_each_notice_once_on_its_day(member, change):
    promise = promised.of(member)
    assert promise.next_notice_at == APRIL - 35 * DAY
    assert sweeps.get("memberships.promises").next_due(now=APRIL - 60 * DAY) == APRIL - 35 * DAY
    assert give(APRIL - 35 * DAY - timedelta(seconds=1)) == 0
    assert give(APRIL - 35 * DAY) == 1
    assert give(APRIL - 30 * DAY) == 0
    assert give(APRIL - 10 * DAY) == 1
    assert give(APRIL - DAY) == 0
    assert notices() == [(35, APRIL - 35 * DAY), (10, APRIL - 10 * DAY)]
    keys = [f"price-change:{promise.pk}:2026-04-10:{days}" for days in (35, 10)]
    assert list(PromiseNotice.objects.order_by("pk").values_list("key", flat=True)) == keys
    assert list(Message.objects.filter(kind="price-change-notice").order_by("pk").values_list("key", flat=True)) == keys
    assert sweeps.get("memberships.promises").next_due(now=APRIL - DAY) is None


def test_the_notice_says_all_that_matters(member, change):
    give(APRIL - 35 * DAY)
    mail = Message.objects.get(kind="price-change-notice")
    assert (mail.subject, mail.stream) == ("The price of your Grove membership from 10 April 2026", "service")
    for fact in (
        "You pay now, tax included: €12.00 a month",
        "New price, tax included: €15.00 a month",
        "From: 10 April 2026",
        "Soil and water cost more.",
        "If you do nothing, you keep your price of €12.00 a month.",
        f"/account/price/{promised.of(member).token}/",
        "/account/membership/cancel/",
    ):
        assert fact in mail.text, fact


def test_the_second_notice_speaks_of_the_answer(member, change):
    give(APRIL - 35 * DAY)
    promises.agree(promised.of(member).pk, now=APRIL - 30 * DAY, **WORDS)
    give(APRIL - 10 * DAY)
    mail = Message.objects.filter(kind="price-change-notice").latest("pk")
    assert "You have agreed to the new price. You can still change your answer until 10 April 2026." in mail.text


def test_the_notice_of_an_end_and_of_a_lower_price(member, gateway, now):
    promised.planned(promised.grove(), 1500, now=now, without_consent="end")
    give(APRIL - 35 * DAY)
    text = Message.objects.get(kind="price-change-notice").text
    assert "If you do nothing, your membership ends on 10 April 2026 and nothing more is charged." in text

    down = make.member(gateway, "conservatory", now=datetime(2026, 1, 10, 9, 0, tzinfo=UTC))
    promised.planned(make.price("conservatory"), 2000, now=now)
    give(APRIL - 35 * DAY)
    text = Message.objects.get(kind="price-change-notice", user_id=down.customer_id).text
    assert "There is nothing to do: the lower price comes by itself." in text


def test_a_notice_a_week_late_still_counts(member, change):
    promised.work(at=APRIL - 28 * DAY)
    promised.work(at=APRIL - 3 * DAY)
    assert notices() == [(35, APRIL - 28 * DAY), (10, APRIL - 3 * DAY)]
    promises.agree(promised.of(member).pk, now=APRIL - DAY, **WORDS)
    promised.work(at=APRIL)
    assert promised.of(member).outcome == Outcome.MOVED


@pytest.mark.parametrize("late", [timedelta(days=7, seconds=1), timedelta(days=26), timedelta(days=40)])
def test_a_notice_missed_holds_the_promise(member, change, late):
    promise = promised.of(member)
    promises.agree(promise.pk, now=APRIL - 36 * DAY, **WORDS)
    promised.work(at=datetime(2026, 2, 10, 9, 0, tzinfo=UTC))
    sweeps.run("memberships.promises", now=APRIL - 35 * DAY + late)
    assert state(promise) == (None, APRIL - 35 * DAY + late, "")
    assert (promise.held_reason, notices()) == ("A notice was not given in time.", [])
    promised.work(at=APRIL + 10 * DAY)
    member.refresh_from_db()
    assert member.price_id == change.old_price_id
    assert PricePromise.objects.held().get() == promise
    assert History.objects.get(subscription=member, kind="promise", new="held").reason == promise.held_reason


@pytest.mark.parametrize("fault", ["failed", "cancelled", "pending"])
def test_a_notice_that_never_left_holds_the_promise(member, change, fault):
    promised.work(at=datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    promise = promised.notify(member)
    promises.agree(promise.pk, now=APRIL - DAY, **WORDS)
    lost = Message.objects.filter(kind="price-change-notice").latest("pk")
    faults = {
        "failed": {"next_attempt_at": None, "last_error": "no such mailbox"},
        "cancelled": {"next_attempt_at": None, "cancelled_at": APRIL - DAY},
        "pending": {"next_attempt_at": APRIL + 5 * DAY},
    }
    Message.objects.filter(pk=lost.pk).update(status=fault, sent_at=None, **faults[fault])
    promised.work(at=APRIL)
    member.refresh_from_db()
    promise.refresh_from_db()
    assert (member.price_id, member.pending_price_id) == (change.old_price_id, None)
    assert (promise.outcome, promise.held_reason) == ("", "A notice was not delivered before the date.")
    with pytest.raises(errors.Refused):
        promises.agree(promise.pk, now=APRIL - timedelta(hours=1), **WORDS)


def test_staff_give_a_held_promise_a_new_date(member, change):
    promise = promised.of(member)
    promises.agree(promise.pk, now=APRIL - 36 * DAY, **WORDS)
    at = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)
    promised.work(at=at)
    promises.give_new_date(promise.pk, actor=STAFF, now=at)
    promise.refresh_from_db()
    # 35 days from 15 March is 19 April; the member renews on 10 May.
    may = datetime(2026, 5, 10, 8, 0, tzinfo=UTC)
    assert (promise.applies_from, promise.next_notice_at, promise.held_at) == (may, may - 35 * DAY, None)
    assert (promise.answer, promise.consent) == ("", None), "the agreement spoke of another date"
    promised.notify(member)
    promises.agree(promise.pk, now=may - DAY, **WORDS)
    promised.work(at=may)
    assert promised.of(member).outcome == Outcome.MOVED
    with pytest.raises(errors.Refused):
        promises.give_new_date(promise.pk, actor=STAFF, now=may)


def test_staff_let_a_member_keep_the_price(member, change):
    promise = promised.of(member)
    promised.work(at=APRIL - 20 * DAY)
    promises.let_keep(promise.pk, actor=STAFF, now=APRIL)
    assert state(promise) == (None, APRIL - 20 * DAY, Outcome.KEPT)
    with pytest.raises(errors.Refused):
        promises.let_keep(promise.pk, actor=STAFF, now=APRIL)


def test_who_is_about_to_leave_is_told_only_when_they_come_back(gateway, now):
    yearly = make.member(gateway, "grove", unit="year", now=datetime(2025, 4, 10, 8, 0, tzinfo=UTC))
    promised.planned(promised.grove(unit="year"), 15000, now=now)
    services.request_cancel(yearly.pk, customer=yearly.customer, now=now)
    assert give(APRIL - 35 * DAY) == 0
    assert sweeps.get("memberships.promises").next_due(now=APRIL - 35 * DAY) is None
    services.undo_cancel(yearly.pk, customer=yearly.customer, now=APRIL - 30 * DAY)
    assert give(APRIL - 30 * DAY) == 1
    assert notices() == [(35, APRIL - 30 * DAY)]


def test_a_yearly_renewal_is_announced_at_the_price_agreed_to(gateway, now):
    yearly = make.member(gateway, "grove", unit="year", now=datetime(2025, 4, 10, 8, 0, tzinfo=UTC))
    promised.planned(promised.grove(unit="year"), 15000, now=now)
    promises.agree(promised.of(yearly).pk, now=now + DAY, **WORDS)
    sweeps.run("campaigns.notices", now=APRIL - 35 * DAY)
    assert "we charge your card €150.00" in Message.objects.get(kind="renewal-notice").text


def test_a_letter_that_cannot_be_written_does_not_hold_up_the_others(gateway, now):
    joined = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)
    broken = make.member(gateway, "grove", now=joined, user=accounts.customer(name="Broken"))
    fine = make.member(gateway, "grove", now=joined)
    promised.planned(promised.grove(), 1500, now=now)
    type(broken.customer).objects.filter(pk=broken.customer_id).update(time_zone="Nowhere/At_All")
    give(APRIL - 35 * DAY)
    assert promised.of(broken).held_reason == "A notice could not be written."
    assert PromiseNotice.objects.get().promise == promised.of(fine)


def test_the_number_of_statements_does_not_grow_with_the_members(member, now):
    def statements(old, count: int) -> int:
        rows = promised.copies(member, count)
        Subscription.objects.filter(pk__in=[row.pk for row in rows]).update(price=old, plan=old.plan)
        promised.planned(old, old.amount_minor + 300, now=now)
        with CaptureQueriesContext(connection) as captured:
            assert give(APRIL - 35 * DAY) == count
        return len(captured)

    assert statements(make.price("conservatory"), 20) == statements(make.price("estate"), 80)


def test_a_run_is_written_down(member, change):
    give(APRIL - 35 * DAY)
    assert SweepRun.objects.filter(sweep="memberships.promises").latest("pk").handled == 1
