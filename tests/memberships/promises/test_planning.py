"""Drafts, plans, protection, the forecast, and taking a change back."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import sweeps
from apps.core.money import Money
from apps.mail.models import Message
from apps.memberships import errors, services
from apps.memberships.models import PriceChange, PriceChangeEntry, PricePromise
from apps.memberships.services import promises
from apps.memberships.services.promises import writing
from tests.factories import memberships as make
from tests.factories import promises as promised
from tests.factories.promises import DAY, STAFF, WORDS
from tests.storefront.pages import nothing_changes

pytestmark = pytest.mark.django_db
JOINED = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 10, 8, 0, tzinfo=UTC)


def refused(old, new, *, now: datetime, **terms) -> str:
    old.refresh_from_db()
    facts = {"effective_at": now + 60 * DAY, "explanation": "Because.", **terms}
    with nothing_changes(), pytest.raises(errors.Refused) as refusal:
        promises.draft(PriceChange(old_price=old, new_price=new, **facts), actor=STAFF, now=now)
    return str(refusal.value)


def test_terms_that_cannot_be_kept(now):
    old = promised.grove()
    assert "cost the same" in refused(old, old, now=now)
    new = promised.new_version(old, 1500, now=now)
    assert "versions of one price" in refused(old, make.price("estate"), now=now)
    assert "versions of one price" in refused(old, promised.grove(unit="year"), now=now)
    assert "still on sale" in refused(new, old, now=now)
    assert "from 2026-02-24 09:00 UTC on" in refused(old, new, now=now, effective_at=now + 34 * DAY)
    for days in ([], [10, 35], [35, 35], [0], [200]):
        assert "falling whole days" in refused(old, new, now=now, notice_days=days)
    free = make.price("seedling")
    paid = promised.new_version(free, 300, now=now)
    assert "signing up" in refused(free, paid, now=now)


def test_nothing_happens_to_a_draft(member, now):
    old = promised.grove()
    change = promised.draft(old, promised.new_version(old, 1500, now=now), now=now)
    with nothing_changes():
        assert promises.advance_due(now=now) == 0
        assert promises.give_due(now=APRIL) == 0
    assert list(PriceChangeEntry.objects.values_list("old", "new", "actor")) == [("", "draft", STAFF)]
    change.explanation = "Water costs more."
    promises.revise(change, now=now)
    promises.plan(change.pk, actor=STAFF, now=now)
    change.explanation = "Something else."
    with nothing_changes(), pytest.raises(errors.Refused):
        promises.revise(change, now=now)


def test_a_draft_planned_too_late_is_refused(member, now):
    old = promised.grove()
    change = promised.draft(old, promised.new_version(old, 1500, now=now), now=now)
    with nothing_changes(), pytest.raises(errors.Refused):
        promises.plan(change.pk, actor=STAFF, now=now + 26 * DAY)


def test_one_change_of_a_price_at_a_time(member, change, now):
    other = promised.draft(change.old_price, change.new_price, now=now)
    with nothing_changes(), pytest.raises(errors.Refused):
        promises.plan(other.pk, actor=STAFF, now=now)
    promises.withdraw(change.pk, reason="Again", actor=STAFF, now=now)
    promises.plan(other.pk, actor=STAFF, now=now)
    promises.advance_due(now=now)
    rows = PricePromise.objects.order_by("pk").values_list("change", "subscription", "outcome")
    assert list(rows) == [(change.pk, member.pk, "withdrawn"), (other.pk, member.pk, "")]


@pytest.mark.parametrize(
    ("terms", "until", "applies_from"),
    [
        ({}, None, APRIL),
        # The months end before the change takes effect: no protection beyond it.
        ({"protected_months": 2}, None, APRIL),
        ({"protected_months": 3}, APRIL, APRIL),
        ({"protected_months": 6}, datetime(2026, 7, 10, 8, tzinfo=UTC), datetime(2026, 7, 10, 8, tzinfo=UTC)),
        (
            {"protected_until": datetime(2026, 5, 11, tzinfo=UTC)},
            datetime(2026, 5, 11, tzinfo=UTC),
            datetime(2026, 6, 10, 8, tzinfo=UTC),
        ),
        (
            {"protected_months": 6, "protected_until": datetime(2026, 5, 11, tzinfo=UTC)},
            datetime(2026, 7, 10, 8, tzinfo=UTC),
            datetime(2026, 7, 10, 8, tzinfo=UTC),
        ),
    ],
)
def test_protection(member, now, terms, until, applies_from):
    promised.planned(promised.grove(), 1500, now=now, **terms)
    promise = promised.of(member)
    assert (promise.protected_until, promise.applies_from) == (until, applies_from)
    assert promise.next_notice_at == applies_from - 35 * DAY


def test_who_gets_a_promise(gateway, now, member):
    leaving = make.member(gateway, "grove", now=JOINED)
    services.request_cancel(leaving.pk, customer=leaving.customer, now=now)
    yearly = make.member(gateway, "grove", unit="year", now=JOINED)
    other = make.member(gateway, "estate", now=JOINED)
    change = promised.planned(promised.grove(), 1500, now=now)
    newcomer = make.join(gateway, change.new_price, now=now + DAY).subscription
    promises.advance_due(now=now + DAY)
    assert set(PricePromise.objects.values_list("subscription", flat=True)) == {member.pk, leaving.pk}
    assert {yearly.price_id, other.price_id, newcomer.price_id}.isdisjoint({change.old_price_id})
    assert newcomer.price == change.new_price


def test_promises_are_written_in_batches_and_once(member, now, monkeypatch):
    monkeypatch.setattr(writing, "BATCH", 7)
    promised.copies(member, 19)
    change = promised.planned(promised.grove(), 1500, now=now)
    assert PricePromise.objects.filter(change=change, applies_from=APRIL, rise_minor=300).count() == 20
    assert (change.written_at, change.status) == (now, "planned")
    with nothing_changes():
        assert promises.advance_due(now=now) == 0


def test_the_forecast_is_exact(gateway, member, now):
    make.member(gateway, "grove", now=JOINED + 2 * DAY)
    leaving = make.member(gateway, "grove", now=JOINED + 3 * DAY)
    services.request_cancel(leaving.pk, customer=leaving.customer, now=now)
    half = make.promotion(now=JOINED, duration="forever")
    make.member(gateway, "grove", now=datetime(2025, 11, 25, 9, tzinfo=UTC), promotion=None)
    make.member(gateway, "grove", now=JOINED, promotion=half)
    old = promised.grove()
    change = promised.draft(old, promised.new_version(old, 1830, now=now), now=now, protected_months=4)
    forecast = promises.forecast(change, now=now)
    assert (forecast.members, forecast.leaving, forecast.protected) == (5, 1, 5)
    assert forecast.last_protection == datetime(2026, 5, 13, 8, tzinfo=UTC)
    assert [(f"{m.start:%Y-%m}", m.members) for m in forecast.months] == [("2026-03", 1), ("2026-05", 4)]
    assert forecast.months[0].notices == [
        (35, forecast.months[0].first - 35 * DAY, forecast.months[0].last - 35 * DAY),
        (10, forecast.months[0].first - 10 * DAY, forecast.months[0].last - 10 * DAY),
    ]
    # Four at 12.00 and one at 6.00, less 22% VAT within: 4 x 984 + 492; then 4 x 1500 + 750.
    assert forecast.revenue.now == Money(4428, "EUR")
    assert forecast.revenue.all_agree == Money(6750, "EUR")
    assert (forecast.revenue.none_agrees, forecast.revenue.gained) == (Money(4428, "EUR"), Money(2322, "EUR"))
    change.without_consent = "end"
    assert promises.forecast(change, now=now).revenue.none_agrees == Money(0, "EUR")


def test_what_is_forecast_is_what_is_written(gateway, now):
    for number in range(12):
        make.member(gateway, "grove", now=JOINED - number * 3 * DAY)
    old = promised.grove()
    change = promised.draft(old, promised.new_version(old, 1500, now=now), now=now, protected_months=3)
    expected = set(
        promises.members_of(change, now=now).values_list("pk", "price_protected_until", "price_applies_from")
    )
    promises.plan(change.pk, actor=STAFF, now=now)
    promises.advance_due(now=now + timedelta(minutes=1))
    assert set(PricePromise.objects.values_list("subscription", "protected_until", "applies_from")) == expected
    assert len(expected) == 12


def test_the_forecast_costs_the_same_for_any_number(member, now):
    old = promised.grove()
    change = promised.draft(old, promised.new_version(old, 1500, now=now), now=now)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            promises.forecast(change, now=now)
        return len(captured)

    statements()  # reads the plan of the price, once
    few = statements()
    promised.copies(member, 150)
    assert promises.forecast(change, now=now).members == 151
    assert statements() == few


def test_withdrawing_stops_what_has_not_happened(gateway, member, now):
    moved, agreed = member, make.member(gateway, "grove", now=JOINED + 5 * DAY)
    [silent] = promised.copies(agreed, 1)
    change = promised.planned(promised.grove(), 1500, now=now)
    for promise in (promised.of(moved), promised.of(agreed)):
        promises.agree(promise.pk, now=now + DAY, **WORDS)
    for day in range(36, 81):
        promised.work(at=now + day * DAY)
    assert promised.of(moved).outcome == "moved"
    agreed.refresh_from_db()
    assert agreed.pending_price == change.new_price
    at = now + 80 * DAY
    promises.withdraw(change.pk, reason="A mistake", actor=STAFF, now=at)
    promised.work(at=at)
    agreed.refresh_from_db()
    moved.refresh_from_db()
    assert (agreed.pending_price, agreed.price) == (None, change.old_price)
    assert moved.price == change.new_price
    assert {promised.of(agreed).outcome, promised.of(silent).outcome} == {"withdrawn"}
    told = Message.objects.filter(kind="price-change-withdrawn").values_list("user_id", flat=True)
    assert set(told) == {agreed.customer_id, silent.customer_id}
    promised.work(at=datetime(2026, 4, 25, 9, tzinfo=UTC))
    agreed.refresh_from_db()
    assert agreed.price == change.old_price
    history = PriceChangeEntry.objects.filter(change=change).order_by("pk").values_list("new", "reason")
    assert list(history) == [("draft", ""), ("planned", ""), ("withdrawn", "A mistake")]


def test_a_renewal_right_after_the_withdrawal_is_at_the_old_price(member, change, now):
    promised.work(at=datetime(2026, 3, 10, 9, tzinfo=UTC))
    promises.agree(promised.notify(member).pk, now=APRIL - DAY, **WORDS)
    promises.withdraw(change.pk, reason="A mistake", actor=STAFF, now=APRIL - timedelta(seconds=1))
    sweeps.run("memberships.bill", now=APRIL)
    member.refresh_from_db()
    assert (member.price, member.pending_price) == (change.old_price, None)
    promises.advance_due(now=APRIL)
    assert promised.of(member).outcome == "withdrawn"
    with nothing_changes():
        promises.withdraw(change.pk, reason="Twice", actor=STAFF, now=APRIL)
