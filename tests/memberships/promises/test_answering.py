"""What a member says is kept with its words, can be changed until the date, and is theirs alone."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from apps.accounts.models import Consent
from apps.mail.models import Message
from apps.memberships import errors, services
from apps.memberships.models import History, PricePromise
from apps.memberships.services import promises
from tests.factories import accounts
from tests.factories import memberships as make
from tests.factories import promises as promised
from tests.factories.promises import DAY, STAFF, WORDS
from tests.storefront.pages import nothing_changes

pytestmark = pytest.mark.django_db
APRIL = datetime(2026, 4, 10, 8, 0, tzinfo=UTC)
ANSWERED = APRIL - 30 * DAY


def test_an_agreement_is_kept_as_evidence(member, change):
    promise = promises.agree(promised.of(member).pk, now=ANSWERED, customer=member.customer, **WORDS)
    consent = Consent.objects.get(kind="price_change")
    assert (promise.consent, promise.answer, promise.answered_at) == (consent, "agreed", ANSWERED)
    assert (consent.user, consent.granted, consent.at) == (member.customer, True, ANSWERED)
    assert (consent.version, consent.source, consent.text) == ("test-1", "account", WORDS["text"])
    assert consent.text_hash == hashlib.sha256(WORDS["text"].encode()).hexdigest()
    told = History.objects.get(subscription=member, kind="promise")
    assert (told.old, told.new, told.reason) == ("none yet", "agreed", "€12.00 → €15.00")
    mail = Message.objects.get(kind="price-change-answer")
    assert mail.subject == "You have agreed to the new price of Grove"
    assert WORDS["text"] in mail.text


def test_the_same_answer_twice_is_one(member, change):
    promise = promised.of(member)
    promises.agree(promise.pk, now=ANSWERED, **WORDS)
    with nothing_changes():
        promises.agree(promise.pk, now=ANSWERED + DAY, **WORDS)


def test_every_change_of_mind_is_kept(member, change):
    promise = promised.of(member)
    for number, say in enumerate([promises.refuse, promises.agree, promises.refuse, promises.agree]):
        say(promise.pk, now=ANSWERED + number * DAY, **WORDS)
    granted = Consent.objects.filter(kind="price_change").order_by("at").values_list("granted", flat=True)
    assert list(granted) == [False, True, False, True]
    assert Message.objects.filter(kind="price-change-answer").count() == 4
    assert promised.of(member).has_agreed


def test_another_customers_promise(member, change):
    stranger = accounts.customer()
    with nothing_changes(), pytest.raises(errors.NotOpen):
        promises.agree(promised.of(member).pk, now=ANSWERED, customer=stranger, **WORDS)


def test_from_the_date_on_it_is_too_late(member, change):
    promise = promised.of(member)
    with nothing_changes():
        for say in (promises.agree, promises.refuse):
            with pytest.raises(errors.Refused):
                say(promise.pk, now=APRIL, **WORDS)
    promises.agree(promise.pk, now=APRIL - timedelta(microseconds=1), **WORDS)


def test_a_plan_change_of_ones_own_goes_first(gateway, now):
    member = make.member(gateway, "conservatory", now=datetime(2026, 1, 10, 9, 0, tzinfo=UTC))
    promised.planned(make.price("conservatory"), 2800, now=now)
    for renewal in (datetime(2026, 2, 10, 9, 0, tzinfo=UTC), datetime(2026, 3, 10, 9, 0, tzinfo=UTC)):
        promised.work(at=renewal)
    promises.agree(promised.of(member).pk, now=APRIL - 20 * DAY, **WORDS)
    services.change_plan(member.pk, make.price("grove").pk, customer=member.customer, now=APRIL - 19 * DAY)
    promised.notify(member)
    promises.refuse(promised.of(member).pk, now=APRIL - 2 * DAY, **WORDS)
    member.refresh_from_db()
    assert member.pending_price == make.price("grove"), "an answer about the price leaves the chosen plan alone"
    promised.work(at=APRIL)
    member.refresh_from_db()
    assert member.price == make.price("grove")
    assert promised.of(member).outcome == "lapsed"


def test_a_downgrade_taken_back_leaves_the_agreement(gateway, now):
    member = make.member(gateway, "conservatory", now=datetime(2026, 1, 10, 9, 0, tzinfo=UTC))
    change = promised.planned(make.price("conservatory"), 2800, now=now)
    for renewal in (datetime(2026, 2, 10, 9, 0, tzinfo=UTC), datetime(2026, 3, 10, 9, 0, tzinfo=UTC)):
        promised.work(at=renewal)
    services.change_plan(member.pk, make.price("grove").pk, customer=member.customer, now=APRIL - 20 * DAY)
    promises.agree(promised.notify(member).pk, now=APRIL - 3 * DAY, **WORDS)
    services.keep_plan(member.pk, customer=member.customer, now=APRIL - 2 * DAY)
    promised.work(at=APRIL)
    member.refresh_from_db()
    assert member.price == change.new_price


def test_keeping_the_plan_does_not_undo_an_agreed_price(member, change):
    promised.work(at=datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    promises.agree(promised.of(member).pk, now=APRIL - 20 * DAY, **WORDS)
    with nothing_changes(), pytest.raises(errors.NothingToChange):
        services.keep_plan(member.pk, customer=member.customer, now=APRIL - 19 * DAY)


def test_a_higher_plan_takes_the_promise_away(member, change):
    promised.work(at=datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    promises.agree(promised.of(member).pk, now=APRIL - 20 * DAY, **WORDS)
    services.change_plan(member.pk, make.price("conservatory").pk, customer=member.customer, now=APRIL - 19 * DAY)
    assert PricePromise.objects.of(member) is None
    with nothing_changes(), pytest.raises(errors.Refused):
        promises.refuse(promised.of(member).pk, now=APRIL - 18 * DAY, **WORDS)
    promised.work(at=APRIL)
    member.refresh_from_db()
    assert member.price == make.price("conservatory")
    assert promised.of(member).outcome == "lapsed"


def test_leaving_and_coming_back_keeps_the_answer(member, change):
    promised.work(at=datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    promise = promised.notify(member)
    promises.agree(promise.pk, now=APRIL - 5 * DAY, **WORDS)
    services.request_cancel(member.pk, customer=member.customer, now=APRIL - 4 * DAY)
    services.undo_cancel(member.pk, customer=member.customer, now=APRIL - 3 * DAY)
    promised.work(at=APRIL)
    assert promised.of(member).outcome == "moved"


def test_who_left_before_the_date_is_closed(member, change):
    services.request_cancel(member.pk, customer=member.customer, now=datetime(2026, 2, 1, tzinfo=UTC))
    promised.work(at=datetime(2026, 2, 10, 9, 0, tzinfo=UTC))
    promised.work(at=APRIL - 35 * DAY)
    assert promised.of(member).outcome == "lapsed"
    assert not Message.objects.filter(kind="price-change-notice").exists()


def test_after_a_withdrawal_nobody_answers(member, change):
    promise = promised.of(member)
    promises.withdraw(change.pk, reason="A mistake", actor=STAFF, now=ANSWERED)
    with nothing_changes(), pytest.raises(errors.Refused):
        promises.agree(promise.pk, now=ANSWERED, **WORDS)
