"""Any life of a membership keeps the books and the contract in order."""

from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.billing import collection, dunning, janitor
from apps.billing import gateway as gateways
from apps.billing import rules as billing_rules
from apps.billing.gateway.behaviours import authenticate, decline, lose_after, lose_before
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Invoice, InvoiceLine, LedgerEntry
from apps.memberships import clearing, lifecycle, quotes, renewals, services
from apps.memberships.errors import Refused
from apps.memberships.models import History, Period, Status, Subscription
from tests.depth import lives
from tests.factories import memberships as make

BEGIN = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
_numbers = count(1)

scripts = st.sampled_from(
    [
        (),
        (decline("insufficient_funds", first=2, chance=4000),),
        (authenticate(first=3, times=1),),
        (lose_after(first=2), decline(first=4, times=2)),
        (lose_before(first=2),),
    ]
)
wait = st.tuples(st.just("wait"), st.sampled_from([0, 1, 3, 14, 28, 31, 70]))
change = st.tuples(
    st.just("change"), st.sampled_from(["grove", "conservatory", "estate"]), st.sampled_from(["month", "year"])
)
steps = st.one_of(wait, wait, change, st.sampled_from([("cancel",), ("undo",), ("keep",)]))


@pytest.mark.lives
@pytest.mark.django_db
@settings(max_examples=lives(8))
@given(script=scripts, life=st.lists(steps, min_size=1, max_size=10), discounted=st.booleans())
def test_any_life(script, life, discounted):
    # A plain savepoint: the engine refuses to talk to the gateway inside an atomic block.
    before = transaction.savepoint_create()
    with gateways.using(Rehearsal()) as gateway:
        _live(gateway, script, life, discounted=discounted)
    transaction.savepoint_rollback(before)


def _live(gateway, script, life, *, discounted: bool) -> None:
    now = BEGIN
    user = User.objects.create_user(f"life-{next(_numbers)}@example.com", joined_at=BEGIN)
    promotion = make.promotion(now=BEGIN, percent_basis_points=3333, duration="repeating", periods=2)
    member = make.member(gateway, now=now, user=user, script=script, promotion=promotion if discounted else None)
    for step in life:
        now = _take(step, member, now=now)
        _check(member)


def _take(step: tuple, member: Subscription, *, now: datetime) -> datetime:
    """Carry one step out; a refusal is an answer too. Returns the time after it."""
    customer = member.customer
    match step:
        case ("wait", days):
            for _day in range(days):
                now += timedelta(days=1)
                _work(now)
        case ("change", slug, unit):
            _change(member, make.price(slug, unit=unit), now=now)
        case ("cancel",):
            _try(lambda: services.request_cancel(member.pk, customer=customer, now=now))
        case ("undo",):
            _try(lambda: services.undo_cancel(member.pk, customer=customer, now=now))
        case ("keep",):
            _try(lambda: services.keep_plan(member.pk, customer=customer, now=now))
    return now


def _work(now: datetime) -> None:
    """What the workers do in one pass."""
    renewals.bill_due(now=now)
    clearing.end_due(now=now)
    clearing.abandon_due(now=now)
    collection.collect_due(now=now)
    janitor.check_due(now=now)
    dunning.advance_due(now=now)


def _change(member: Subscription, price, *, now: datetime) -> None:
    current = Subscription.objects.current_of(member.customer)
    if current is None:
        return
    try:
        preview = quotes.change(current, price, now=now)
        result = services.change_plan(member.pk, price.pk, customer=member.customer, now=now)
    except Refused:
        return
    if result.change is not None:
        assert result.change.invoice.total_minor == preview.due_now.minor
        assert result.change.invoice.tax_minor == preview.tax.minor
    else:
        assert preview.due_now.minor == 0


def _try(act) -> None:
    try:
        act()
    except Refused:
        return


def _check(member: Subscription) -> None:
    member.refresh_from_db()
    spans = list(Period.objects.filter(subscription=member).order_by("start"))
    assert spans[0].start == BEGIN
    assert all(one.end == other.start for one, other in pairwise(spans)), "no gap and no overlap"
    if member.status in (Status.ACTIVE, Status.PAST_DUE):
        assert spans[-1].end == member.current_end
        assert (spans[-1].price_id, member.plan_id) == (member.price_id, spans[-1].price.plan_id)
    moves = list(History.objects.filter(subscription=member, kind="status").order_by("pk").values_list("old", "new"))
    assert all(one[1] == other[0] for one, other in pairwise(moves))
    assert all(new in lifecycle.ARROWS[Status(old)] for old, new in moves)
    assert moves[-1][1] == member.status
    assert not Subscription.objects.parked().exists()
    _check_money(member, spans)


def _check_money(member: Subscription, spans: list[Period]) -> None:
    assert LedgerEntry.objects.aggregate(sum=Sum("amount_minor"))["sum"] == 0
    for line in InvoiceLine.objects.filter(invoice__customer=member.customer):
        assert billing_rules.recompute(line.kind, line.inputs) == line.amount_minor
    paid = Invoice.objects.paid().filter(customer=member.customer).aggregate(sum=Sum("total_minor"))["sum"]
    kept = sum(span.gross_minor - span.credited_minor for span in spans if span.invoice.status == "paid")
    assert paid == kept, "what was charged is what the spans cost, less what was given back"
