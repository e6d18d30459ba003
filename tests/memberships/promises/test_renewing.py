"""On the date, by the ordinary renewal: who agreed moves, nobody else pays more."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing.models import Invoice
from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships import errors, services
from apps.memberships.models import History, Outcome, Period, PriceChangeStatus, Status
from apps.memberships.services import promises
from tests.factories import memberships as make
from tests.factories import promises as promised
from tests.factories.promises import DAY, WORDS

pytestmark = pytest.mark.django_db

# The renewals of somebody who joined on 10 January 2026 at 10:00 in Rome; summer time begins on 29 March.
MARCH, APRIL = datetime(2026, 3, 10, 9, 0, tzinfo=UTC), datetime(2026, 4, 10, 8, 0, tzinfo=UTC)


def billed() -> list[int]:
    return list(Invoice.objects.filter(reason="renewal").order_by("pk").values_list("total_minor", flat=True))


def renew_until(at: datetime) -> None:
    for renewal in (datetime(2026, 2, 10, 9, 0, tzinfo=UTC), MARCH, APRIL):
        if renewal <= at:
            promised.work(at=renewal)


def test_who_agreed_moves_on_the_date_and_not_before(member, change, now):
    promise = promised.of(member)
    assert (promise.applies_from, promise.rise_minor, promise.protected_until) == (APRIL, 300, None)
    promised.work(at=datetime(2026, 2, 10, 9, 0, tzinfo=UTC))
    promised.work(at=APRIL - 35 * DAY)
    promises.agree(promise.pk, now=APRIL - 34 * DAY, **WORDS)
    promised.work(at=MARCH)
    member.refresh_from_db()
    assert (billed(), member.price_id, member.pending_price_id) == ([1200, 1200], change.old_price_id, None)

    promised.work(at=APRIL - 10 * DAY)
    member.refresh_from_db()
    assert member.pending_price_id == change.new_price_id, "from the last notice on, every page knows the next charge"
    promised.work(at=APRIL)
    member.refresh_from_db()
    assert billed() == [1200, 1200, 1500]
    assert (member.price_id, member.pending_price_id) == (change.new_price_id, None)
    promise.refresh_from_db()
    assert (promise.outcome, promise.settled_at) == (Outcome.MOVED, APRIL)
    told = History.objects.filter(subscription=member, kind="plan").values_list("old", "new")
    assert list(told) == [("Grove: €12.00 / month (v1)", "Grove: €15.00 / month (v2)")]
    promised.work(at=APRIL)
    change.refresh_from_db()
    assert change.status == PriceChangeStatus.DONE


def test_without_an_answer_the_old_price_stays(member, change):
    renew_until(MARCH)
    promised.notify(member)
    promised.work(at=APRIL)
    member.refresh_from_db()
    assert (billed(), member.price_id) == ([1200, 1200, 1200], change.old_price_id)
    assert promised.of(member).outcome == Outcome.KEPT
    promised.work(at=datetime(2026, 5, 10, 8, 0, tzinfo=UTC))
    assert billed()[-1] == 1200


def test_an_agreement_taken_back_is_none(member, change):
    renew_until(MARCH)
    promise = promised.notify(member)
    promises.agree(promise.pk, now=APRIL - 9 * DAY, **WORDS)
    member.refresh_from_db()
    assert member.pending_price_id == change.new_price_id
    promises.refuse(promise.pk, now=APRIL - timedelta(seconds=1), **WORDS)
    member.refresh_from_db()
    assert member.pending_price_id is None
    promised.work(at=APRIL)
    assert billed()[-1] == 1200
    assert promised.of(member).outcome == Outcome.KEPT


def test_where_the_change_says_so_the_membership_ends_on_the_date(gateway, member, now):
    stays = make.member(gateway, "grove", now=datetime(2026, 1, 10, 9, 0, tzinfo=UTC))
    promised.planned(promised.grove(), 1500, now=now, without_consent="end")
    renew_until(MARCH)
    promised.notify(member)
    promises.agree(promised.of(stays).pk, now=APRIL - DAY, **WORDS)
    promised.work(at=APRIL + timedelta(hours=2))

    member.refresh_from_db()
    assert (member.status, member.ended_at, member.end_reason) == (Status.ENDED, APRIL, "price")
    assert Invoice.objects.filter(customer=member.customer, total_minor=1200).count() == 3
    assert not Invoice.objects.filter(customer=member.customer).exclude(total_minor=1200).exists()
    assert Period.objects.filter(subscription=member).latest("start").end == APRIL
    assert promised.of(member).outcome == Outcome.ENDED
    letter = Message.objects.get(kind="membership-ended", user_id=member.customer_id)
    assert "because you did not agree to its new price" in letter.text
    stays.refresh_from_db()
    assert (stays.status, stays.price.amount_minor) == (Status.ACTIVE, 1500)
    assert not History.objects.filter(subscription=stays, kind="cancel").exists()


def test_a_lower_price_needs_no_consent(member, now):
    promised.planned(promised.grove(), 900, now=now)
    renew_until(MARCH)
    promise = promised.notify(member)
    with pytest.raises(errors.Refused):
        promises.agree(promise.pk, now=APRIL - DAY, **WORDS)
    promised.work(at=APRIL)
    assert billed() == [1200, 1200, 900]
    assert promised.of(member).outcome == Outcome.MOVED


@pytest.mark.parametrize("agrees", [True, False])
def test_a_worker_a_week_late_bills_what_was_agreed(member, change, agrees):
    renew_until(MARCH)
    promise = promised.notify(member)
    if agrees:
        promises.agree(promise.pk, now=APRIL - DAY, **WORDS)
    promised.work(at=APRIL + 7 * DAY)
    assert billed() == [1200, 1200, 1500 if agrees else 1200]
    assert Period.objects.filter(subscription=member).latest("start").start == APRIL


def test_a_worker_months_late_moves_the_price_from_its_date_on(member, change, now):
    """Weeks of notices and one renewal before the date were missed by billing, not by mail."""
    promise = promised.of(member)
    for days in (35, 10):
        for name in ("memberships.promises", "mail.deliver"):
            sweeps.run(name, now=APRIL - days * DAY)
    promises.agree(promise.pk, now=APRIL - DAY, **WORDS)
    member.refresh_from_db()
    assert (member.next_bill_at, member.pending_price_id) == (datetime(2026, 2, 10, 9, 0, tzinfo=UTC), None)
    sweeps.run("memberships.bill", now=APRIL + 40 * DAY)
    assert billed() == [1200, 1200, 1500, 1500]


def test_a_renewal_that_could_not_be_billed_leaves_the_promise_open(member, change):
    renew_until(MARCH)
    promise = promised.notify(member)
    promises.agree(promise.pk, now=APRIL - DAY, **WORDS)
    member.customer.country = "ZZ"
    member.customer.save()
    promised.work(at=APRIL)
    promise.refresh_from_db()
    assert (promise.outcome, len(billed())) == ("", 2)
    member.customer.country = "IT"
    member.customer.save()
    services.unpark(member.pk, actor="boss@example.com", now=APRIL + DAY)
    promised.work(at=APRIL + DAY)
    assert billed() == [1200, 1200, 1500]
    assert promised.of(member).outcome == Outcome.MOVED


def test_a_discount_goes_on_at_the_new_price(gateway, now):
    tenth = make.promotion(now=now - 20 * DAY, percent_basis_points=1000, duration="forever")
    member = make.member(gateway, "grove", now=datetime(2026, 1, 10, 9, 0, tzinfo=UTC), promotion=tenth)
    promised.planned(promised.grove(), 1500, now=now)
    renew_until(MARCH)
    promises.agree(promised.notify(member).pk, now=APRIL - DAY, **WORDS)
    promised.work(at=APRIL)
    assert billed() == [1080, 1080, 1350]
