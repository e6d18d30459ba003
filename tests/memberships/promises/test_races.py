"""An answer, a withdrawal and several workers at the same instant."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from apps.accounts.models import Consent
from apps.billing.models import Invoice
from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships import errors, renewals
from apps.memberships.models import PricePromise, PromiseNotice, Subscription
from apps.memberships.services import promises
from apps.memberships.services.promises import noticing, writing
from tests.factories import memberships as make
from tests.factories import promises as promised
from tests.factories.promises import DAY, STAFF, WORDS

JOINED = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
PLANNED = JOINED + DAY
# A yearly price: the members renew once, on the date.
DATE = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)


def together(*acts: Callable[[], object]) -> list[Exception]:
    """Run the acts in threads that begin at once; returns what they raised."""
    start, problems = Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait()
            act()
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


@pytest.fixture
def cohort(own_database, gateway) -> list[Subscription]:
    """Twelve yearly members of Grove with a planned change from EUR 120.00 to EUR 150.00."""
    first = make.member(gateway, "grove", unit="year", now=JOINED)
    rows = [first, *promised.copies(first, 11)]
    promised.planned(promised.grove(unit="year"), 15000, now=PLANNED)
    return rows


def notify() -> None:
    for days in (35, 10):
        for name in ("memberships.promises", "mail.deliver"):
            sweeps.run(name, now=DATE - days * DAY)


def consistent() -> None:
    """Who pays the new price has agreed, before; who has agreed pays it; every bill is one of the two."""
    for promise in PricePromise.objects.for_pages():
        paid = Invoice.objects.filter(customer=promise.subscription.customer, reason="renewal").values_list(
            "total_minor", flat=True
        )
        agreed = promise.answer == "agreed"
        assert list(paid) == [15000 if agreed else 12000]
        assert promise.outcome == ("moved" if agreed else "kept")
        assert promise.subscription.price_id == (promise.new_price_id if agreed else promise.old_price_id)
        assert promise.subscription.pending_price_id is None


def test_answers_race_the_renewal(cohort, settings):
    settings.RENEWAL_BATCH = 3
    notify()
    mine = {promise.subscription_id: promise.pk for promise in PricePromise.objects.all()}
    for row in cohort[:6]:
        promises.agree(mine[row.pk], now=DATE - DAY, **WORDS)
    # The clicks came in time and are carried out while the workers bill.
    clicked = DATE - timedelta(seconds=1)
    acts = [lambda row=row: promises.refuse(mine[row.pk], now=clicked, **WORDS) for row in cohort[:6]]
    acts += [lambda row=row: promises.agree(mine[row.pk], now=clicked, **WORDS) for row in cohort[6:]]
    acts += [lambda: renewals.bill_due(now=DATE)] * 3
    problems = together(*acts)
    assert {type(problem) for problem in problems} <= {errors.Refused}
    renewals.bill_due(now=DATE)
    assert not Subscription.objects.parked().exists()
    consistent()


def test_a_withdrawal_races_the_renewal_and_the_answers(cohort, settings):
    settings.RENEWAL_BATCH = 2
    notify()
    mine = {promise.subscription_id: promise.pk for promise in PricePromise.objects.all()}
    for row in cohort[:9]:
        promises.agree(mine[row.pk], now=DATE - DAY, **WORDS)
    change = PricePromise.objects.first().change
    clicked = DATE - timedelta(seconds=1)
    acts = [lambda row=row: promises.agree(mine[row.pk], now=clicked, **WORDS) for row in cohort[9:]]
    acts += [lambda: renewals.bill_due(now=DATE)] * 2
    acts += [lambda: promises.withdraw(change.pk, reason="Stop", actor=STAFF, now=DATE)]
    acts += [lambda: promises.advance_due(now=DATE)]
    problems = together(*acts)
    assert {type(problem) for problem in problems} <= {errors.Refused}
    renewals.bill_due(now=DATE)
    promises.advance_due(now=DATE)
    assert not Subscription.objects.parked().exists()
    for promise in PricePromise.objects.for_pages():
        [paid] = Invoice.objects.filter(customer=promise.subscription.customer, reason="renewal")
        assert (paid.total_minor == 15000) == (promise.outcome == "moved")
        assert paid.total_minor == 12000 or promise.has_agreed
        assert promise.outcome in ("moved", "kept", "withdrawn")
        assert promise.subscription.pending_price_id is None


def test_workers_share_the_notices(cohort, monkeypatch):
    monkeypatch.setattr(noticing, "BATCH", 2)
    problems = together(*[lambda: promises.give_due(now=DATE - 35 * DAY)] * 5)
    assert problems == []
    promises.give_due(now=DATE - 35 * DAY)
    assert PromiseNotice.objects.filter(days=35).count() == 12
    assert Message.objects.filter(kind="price-change-notice").count() == 12


def test_workers_share_the_writing(own_database, gateway, monkeypatch):
    monkeypatch.setattr(writing, "BATCH", 3)
    first = make.member(gateway, "grove", unit="year", now=JOINED)
    promised.copies(first, 20)
    old = promised.grove(unit="year")
    change = promised.draft(old, promised.new_version(old, 15000, now=PLANNED), now=PLANNED)
    promises.plan(change.pk, actor=STAFF, now=PLANNED)
    assert together(*[lambda: promises.advance_due(now=PLANNED)] * 4) == []
    promises.advance_due(now=PLANNED)
    assert PricePromise.objects.filter(change=change, applies_from=DATE).count() == 21


def test_a_doubled_click_is_one_consent(cohort):
    mine = PricePromise.objects.get(subscription=cohort[0])
    assert together(*[lambda: promises.agree(mine.pk, now=PLANNED + DAY, **WORDS)] * 4) == []
    assert Consent.objects.filter(kind="price_change").count() == 1
    assert Message.objects.filter(kind="price-change-answer").count() == 1
