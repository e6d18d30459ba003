"""Whatever a member, staff and the workers do, and in whatever order: no price rises without consent."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Consent, User
from apps.billing import gateway as gateways
from apps.billing.gateway.behaviours import decline
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import InvoiceLine
from apps.core import sweeps
from apps.memberships import services
from apps.memberships.errors import Refused
from apps.memberships.models import Period, Price, PriceChange, PricePromise, PromiseNotice, Status, Subscription
from apps.memberships.services import promises
from tests.depth import lives
from tests.factories import memberships as make
from tests.factories import promises as promised
from tests.factories.promises import DAY, STAFF, WORDS

BEGIN = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
WORKERS = [
    "memberships.promises", "memberships.bill", "billing.collect", "billing.dunning", "memberships.end", "mail.deliver",
]  # fmt: skip
_numbers = count(1)

waits = st.tuples(st.just("wait"), st.sampled_from([1, 9, 25, 31, 60]))
sleeps = st.tuples(st.just("sleep"), st.sampled_from([3, 7, 8, 20]))
deeds = st.sampled_from(
    [
        ("agree",), ("agree",), ("refuse",), ("cancel",), ("undo",), ("keep plan",), ("withdraw",), ("redate",),
        ("plan", 1500, "keep"), ("plan", 1900, "end"), ("plan", 900, "keep"),
        ("change", "grove", "month"), ("change", "conservatory", "month"), ("change", "grove", "year"),
    ]
)  # fmt: skip
scripts = st.sampled_from([(), (decline("insufficient_funds", first=4, times=2),)])


@pytest.mark.lives
@pytest.mark.django_db
@settings(max_examples=lives(5), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    script=scripts,
    first=st.sampled_from([("plan", 1500, "keep"), ("plan", 1500, "end"), ("plan", 900, "keep")]),
    life=st.lists(st.one_of(waits, waits, deeds, sleeps), min_size=4, max_size=14),
)
# One that moves and moves again, one that thinks again, and one that is asked for a new date.
@example(
    (), ("plan", 1500, "keep"), [("agree",), ("wait", 60), ("plan", 1900, "end"), ("agree",), ("wait", 60), ("wait", 9)]
)
@example((), ("plan", 1500, "end"), [("agree",), ("wait", 31), ("refuse",), ("wait", 60)])
@example((), ("plan", 1500, "keep"), [("sleep", 40), ("wait", 9), ("redate",), ("agree",), ("wait", 60), ("wait", 31)])
def test_any_life(script, first, life):
    # A plain savepoint: the engine refuses to talk to the gateway inside an atomic block.
    before = transaction.savepoint_create()
    with gateways.using(Rehearsal()) as gateway:
        user = User.objects.create_user(f"promised-{next(_numbers)}@example.com", joined_at=BEGIN)
        member = make.member(gateway, now=BEGIN, user=user, script=script)
        now = BEGIN + DAY
        for step in [first, *life]:
            now = take(step, member, now=now)
            check(member)
    transaction.savepoint_rollback(before)


def take(step: tuple, member: Subscription, *, now: datetime) -> datetime:
    """Carry one step out; a refusal is an answer too. Returns the time after it."""
    if step[0] == "sleep":
        return now + step[1] * DAY
    if step[0] == "wait":
        for _day in range(step[1]):
            now += DAY
            for name in WORKERS:
                sweeps.run(name, now=now)
        return now
    with suppress(Refused):
        do(step, member, now=now)
    return now + timedelta(minutes=1)


def do(step: tuple, member: Subscription, *, now: datetime) -> None:
    customer, promise = member.customer, PricePromise.objects.filter(subscription=member).order_by("-pk").first()
    match step:
        case ("agree",) if promise:
            promises.agree(promise.pk, now=now, **WORDS)
        case ("refuse",) if promise:
            promises.refuse(promise.pk, now=now, **WORDS)
        case ("redate",) if promise:
            promises.give_new_date(promise.pk, actor=STAFF, now=now)
        case ("withdraw",):
            for change in PriceChange.objects.planned():
                promises.withdraw(change.pk, reason="", actor=STAFF, now=now)
        case ("plan", amount, without):
            plan(member, amount, without, now=now)
        case ("cancel",):
            services.request_cancel(member.pk, customer=customer, now=now)
        case ("undo",):
            services.undo_cancel(member.pk, customer=customer, now=now)
        case ("keep plan",):
            services.keep_plan(member.pk, customer=customer, now=now)
        case ("change", slug, unit):
            newest = Price.objects.offered(make.plans()[slug], currency="EUR", unit=unit, now=now)
            services.change_plan(member.pk, newest.pk, customer=customer, now=now)


def plan(member: Subscription, amount: int, without: str, *, now: datetime) -> None:
    """Staff put a new version on sale and plan the change of the member's version to it."""
    old = Subscription.objects.get(pk=member.pk).price
    newest = Price.objects.offered(old.plan, currency="EUR", unit=old.interval_unit, now=now)
    new = promised.new_version(newest, amount * (10 if old.interval_unit == "year" else 1), now=now)
    change = promised.draft(old, new, now=now, effective_at=now + 40 * DAY, without_consent=without)
    promises.plan(change.pk, actor=STAFF, now=now)
    promises.advance_due(now=now)


def check(member: Subscription) -> None:
    member = Subscription.objects.select_related("price__plan", "pending_price__plan").get(pk=member.pk)
    assert not Subscription.objects.parked().exists()
    spans = list(Period.objects.filter(subscription=member).select_related("price__plan").order_by("start"))
    for one, other in pairwise(spans):
        if is_rise(one.price, other.price):
            check_rise(member, one.price, other)
        line = InvoiceLine.objects.filter(invoice=other.invoice, kind="plan").first()
        assert line is None or line.amount_minor == other.price.amount_minor
    if is_rise(member.price, member.pending_price):
        waiting = PricePromise.objects.live().get(subscription=member, new_price=member.pending_price)
        assert waiting.has_agreed
        assert waiting.held_at is None
    for promise in PricePromise.objects.filter(subscription=member):
        if promise.outcome == "ended":
            assert member.status == Status.ENDED or member.ends_at == promise.applies_from
            assert not promise.has_agreed


def is_rise(old: Price, new: Price | None) -> bool:
    return new is not None and (
        (old.plan_id, old.interval) == (new.plan_id, new.interval) and new.amount_minor > old.amount_minor
    )


def check_rise(member: Subscription, old: Price, span: Period) -> None:
    """The rise was planned, notified in full, and agreed to before the renewal that charged it first."""
    promise = PricePromise.objects.get(subscription=member, old_price=old, new_price=span.price, outcome="moved")
    assert promise.applies_from <= span.start
    assert promise.answered_at < promise.applies_from
    consent = Consent.objects.get(pk=promise.consent_id)
    assert (consent.user_id, consent.granted) == (member.customer_id, True)
    given = PromiseNotice.objects.delivered().filter(promise=promise, applies_from=promise.applies_from)
    assert sorted(given.values_list("days", flat=True)) == [10, 35]
