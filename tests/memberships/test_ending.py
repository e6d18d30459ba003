"""Reminders before what was given, or agreed to for a while, ends by itself."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships import clearing, ending, renewals, services
from apps.memberships.gifts import redeeming
from apps.memberships.models import Subscription
from tests.factories import accounts, gifts
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 30, 10, 0, tzinfo=UTC)
# Three months from 30 April, in Rome.
END = datetime(2026, 7, 30, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def given(gateway, customer=None, *, now: datetime = NOW, shown: str = "starts", periods: int = 3) -> Subscription:
    customer = customer or accounts.customer()
    gift = gifts.bought(gateway, now=now, periods=periods)
    redeeming.redeem(gift.code, customer=customer, shown=shown, now=now)
    return Subscription.objects.current_of(customer)


def complimentary(*, ends_at: datetime | None = END) -> Subscription:
    return services.give_complimentary(
        accounts.customer(), make.plans()["estate"], reason="Prize", actor="staff", now=NOW, ends_at=ends_at
    )


def for_a_while(gateway, **terms) -> Subscription:
    """Paid for a quarter at a time, and over after so many of them."""
    price = make.special_price(**{"interval_count": 3, "term_periods": 1, **terms})
    return Subscription.objects.current_of(make.join(gateway, price, now=NOW).customer)


def announce(at: datetime) -> int:
    return sweeps.run("memberships.ending", now=at)


def letters() -> list[Message]:
    return list(Message.objects.filter(kind="membership-ending").order_by("pk"))


def test_a_gift_is_announced_once_a_week_before_it_ends(gateway):
    member = given(gateway)
    assert member.ends_at == END
    assert ending.next_due(now=NOW) == END - 7 * DAY
    assert [announce(END - 7 * DAY - SECOND), announce(END - 7 * DAY), announce(END - 6 * DAY)] == [0, 1, 0]
    assert ending.next_due(now=END - 7 * DAY) is None
    [letter] = letters()
    assert (letter.key, letter.stream) == (f"membership-ending:{member.pk}:2026-07-30", "service")
    assert letter.subject == "Your gift of Grove ends on 30 July 2026"
    for body in (letter.text, letter.html):
        for part in ("your gift, the Grove membership, lasts until 30 July 2026", "nothing is charged", "/pricing/"):
            assert part in body, part
        assert "/membership/change/" not in body
    member.refresh_from_db()
    assert (member.end_announced_for, member.ends_at, member.status) == (END, END, "active")


def test_a_longer_gift_has_a_reminder_of_its_new_end(gateway):
    member = given(gateway)
    announce(END - 5 * DAY)
    given(gateway, member.customer, now=END - 4 * DAY, shown="extends", periods=1)
    member.refresh_from_db()
    assert member.ends_at == datetime(2026, 8, 30, 10, 0, tzinfo=UTC)
    assert ending.next_due(now=END) == member.ends_at - 7 * DAY
    assert [announce(END), announce(member.ends_at - DAY)] == [0, 1]
    assert [letter.key[-10:] for letter in letters()] == ["2026-07-30", "2026-08-30"]


def test_what_was_given_with_our_compliments(gateway):
    complimentary(ends_at=None)
    member = complimentary()
    assert [announce(END - 3 * DAY), announce(END - 2 * DAY)] == [1, 0]
    [letter] = letters()
    assert (letter.user_id, letter.subject) == (member.customer_id, "Your Estate membership ends on 30 July 2026")
    assert "with our compliments lasts until 30 July 2026" in letter.text
    assert "/pricing/" in letter.text


def test_an_agreed_term(gateway):
    member = for_a_while(gateway, term_periods=2)
    last = datetime(2026, 10, 30, 11, 0, tzinfo=UTC)
    assert (member.current_end, member.ends_at) == (END, last)
    assert announce(END - 3 * DAY) == 0
    renewals.bill_due(now=END)
    assert announce(last - 3 * DAY) == 1
    [letter] = letters()
    assert letter.subject == "Your Grove membership ends on 30 October 2026"
    assert "as we agreed when you joined" in letter.text
    assert "/account/membership/change/" in letter.text
    assert "/pricing/" not in letter.text
    clearing.end_due(now=last)
    assert Subscription.objects.get().end_reason == "term"


def test_who_has_chosen_how_to_go_on_is_left_alone(gateway):
    member = for_a_while(gateway)
    services.change_plan(member.pk, make.price("grove").pk, customer=member.customer, now=NOW + DAY)
    assert [ending.next_due(now=NOW), announce(END - DAY)] == [None, 0]
    services.keep_plan(member.pk, customer=member.customer, now=NOW + 2 * DAY)
    assert announce(END - DAY) == 1


def test_who_cancelled_or_left_is_left_alone(gateway):
    monthly = make.member(gateway, now=NOW)
    services.request_cancel(monthly.pk, customer=monthly.customer, now=NOW)
    term = for_a_while(gateway)
    services.request_cancel(term.pk, customer=term.customer, now=NOW)
    bought = complimentary()
    make.member(gateway, user=bought.customer, now=NOW + DAY)
    assert ending.next_due(now=NOW) is None
    assert [announce(monthly.current_end - DAY), announce(END - DAY)] == [0, 0]
    services.undo_cancel(term.pk, customer=term.customer, now=NOW + DAY)
    assert announce(END - DAY) == 1


@pytest.mark.parametrize(("days", "told"), [(7, 0), (8, 1)])
def test_what_began_just_now_is_not_said_to_end_soon(days, told):
    complimentary(ends_at=NOW + days * DAY)
    assert ending.next_due(now=NOW) == (NOW + DAY if told else None)
    assert announce(NOW + (days - 1) * DAY) == told


def test_nothing_is_said_after_the_end(gateway):
    given(gateway)
    assert announce(END) == 0
    assert ending.next_due(now=END) is None


@pytest.mark.parametrize("locale", [code for code, _name in settings.LANGUAGES])
def test_in_every_language(gateway, locale):
    user = accounts.customer(locale=locale)
    given(gateway, user)
    announce(END - DAY)
    [letter] = letters()
    assert letter.locale == locale
    for leftover in ("{{", "{%", "None", "()"):
        assert leftover not in letter.text + letter.subject


def test_the_statements_do_not_grow_with_the_number_and_one_bad_row_does_not_hold_up_the_others(monkeypatch):
    people = [complimentary() for _each in range(20)]
    with CaptureQueriesContext(connection) as few:
        assert announce(END - DAY) == 20
    Subscription.objects.update(end_announced_for=None)
    Message.objects.all().delete()
    people += [complimentary() for _each in range(20)]
    with CaptureQueriesContext(connection) as many:
        assert announce(END - DAY) == 40
    assert len(many) == len(few)

    Subscription.objects.update(end_announced_for=None)
    Message.objects.all().delete()
    monkeypatch.setattr(ending, "BATCH", 5)
    User.objects.filter(pk=people[0].customer_id).update(time_zone="No/Where")
    assert announce(END - DAY) == 39
    assert ending.next_due(now=END - DAY) == END - 7 * DAY
