"""Putting the next parcel off to a day, by the customer and by the shop."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.mail.models import Message
from apps.memberships import errors, services
from apps.memberships.models import History, Pause, Period, Plan, Status, Subscription
from apps.memberships.services import pausing
from tests.factories import accounts
from tests.factories import memberships as make
from tests.memberships.pauses import END, JOINED, work

pytestmark = pytest.mark.django_db

UNTIL = datetime(2026, 3, 12, 7, 30, tzinfo=UTC)


@pytest.fixture
def member(gateway) -> Subscription:
    return make.box_subscriber(gateway, now=JOINED)


def put_off(member: Subscription, *, until: datetime = UNTIL, now: datetime = JOINED, **how) -> Subscription:
    return pausing.request_pause_until(member.pk, until=until, customer=member.customer, now=now, **how)


def test_the_next_period_begins_at_that_instant_which_is_the_new_anchor(member):
    planned = put_off(member)
    assert (planned.pause_at, planned.resumes_at, planned.pause_kind) == (END, UNTIL, "pause")
    assert planned.next_charge_at == UNTIL
    pause = Pause.objects.get()
    assert (pause.begins_at, pause.resumes_at, pause.by_shop, pause.actor) == (END, UNTIL, False, member.customer.email)
    entry = History.objects.get(kind="pause")
    assert (entry.old, entry.new) == (END.isoformat(), UNTIL.isoformat())
    assert Message.objects.filter(kind="pause-confirmation").count() == 1
    work(END)
    work(UNTIL - timedelta(seconds=1))
    assert Period.objects.count() == 1
    work(UNTIL)
    member.refresh_from_db()
    assert (member.status, member.anchor, member.current_start) == (Status.ACTIVE, UNTIL, UNTIL)
    # Half past eight in Rome, in summer too.
    assert member.current_end == datetime(2026, 4, 12, 6, 30, tzinfo=UTC)


def test_at_most_as_long_as_the_plan_lets_a_pause_be(member):
    # 92 days after 28 February by the calendar of Rome, at the same time on the wall.
    latest = datetime(2026, 5, 31, 8, 0, tzinfo=UTC)
    assert pausing.latest_pause_end(member) == latest
    end_of_that_day = datetime(2026, 5, 31, 21, 59, tzinfo=UTC)
    pausing.check_until(member, until=end_of_that_day, now=JOINED)
    for until, said in ((end_of_that_day + timedelta(minutes=1), "so long"), (END, "later day")):
        with pytest.raises(errors.CannotPause, match=said):
            pausing.check_until(member, until=until, now=JOINED)
        with pytest.raises(errors.CannotPause, match=said):
            put_off(member, until=until)
    member.refresh_from_db()
    assert (member.pause_at, Pause.objects.count(), Message.objects.filter(kind="pause-confirmation").count()) == (
        None,
        0,
        0,
    )
    Plan.objects.update(max_pause_days=0)
    member.refresh_from_db()
    assert pausing.latest_pause_end(Subscription.objects.current_of(member.customer, group=make.BOXES)) is None


def test_the_shop_asks_without_counting_and_without_its_ordinary_letter(member):
    Plan.objects.update(pauses_per_year=1)
    put_off(member, by_shop=True, actor="staff@example.com")
    assert Pause.objects.get().by_shop
    assert not Message.objects.filter(kind="pause-confirmation").exists()
    work(END)
    work(UNTIL)
    # The customer's own one is left, and the shop is not refused when that is used up.
    member.refresh_from_db()
    put_off(member, until=member.current_end + timedelta(days=3), now=UNTIL)
    work(member.current_end)
    work(member.current_end + timedelta(days=3))
    member.refresh_from_db()
    again = {"until": member.current_end + timedelta(days=3), "now": member.current_start}
    with pytest.raises(errors.TooManyPauses):
        put_off(member, **again)
    put_off(member, **again, by_shop=True)
    assert list(Pause.objects.order_by("pk").values_list("by_shop", flat=True)) == [True, False, True]


@pytest.mark.parametrize("by_shop", [False, True])
@pytest.mark.parametrize("obstacle", ["planned", "cancelled", "shown", "stranger"])
def test_refusals_change_nothing(member, obstacle, by_shop):
    customer, how = member.customer, {}
    match obstacle:
        case "planned":
            services.request_pause(member.pk, months=0, customer=customer, now=JOINED)
            error = errors.NothingToChange
        case "cancelled":
            services.request_cancel(member.pk, customer=customer, now=JOINED)
            error = errors.CancellationPending
        case "shown":
            how, error = {"begins_at": END - timedelta(days=28)}, errors.QuoteChanged
        case "stranger":
            customer, error = accounts.customer(), errors.NotOpen
    before = Subscription.objects.values().get(pk=member.pk), Pause.objects.count(), Message.objects.count()
    with pytest.raises(error):
        pausing.request_pause_until(member.pk, until=UNTIL, customer=customer, now=JOINED, by_shop=by_shop, **how)
    assert before == (Subscription.objects.values().get(pk=member.pk), Pause.objects.count(), Message.objects.count())
