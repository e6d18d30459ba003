"""Changing the plan: what is charged, what is given back, and when it happens."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import rules as billing_rules
from apps.billing.gateway.behaviours import authenticate, decline, lose_after, lose_before
from apps.billing.models import Invoice, Payment, Recovery
from apps.mail.models import Message
from apps.memberships import clearing, errors, quotes, renewals, services
from apps.memberships.models import ChangeStatus, History, Period, PlanChange, Status, Subscription
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)  # a month of thirty days, without a change of the clocks
HALF_WAY = JOINED + timedelta(days=15)


def change(member: Subscription, price, *, now=HALF_WAY, **more):
    return services.change_plan(member.pk, price.pk, customer=member.customer, now=now, **more)


def facts(member: Subscription) -> tuple:
    """All that a refused change must leave alone."""
    row = Subscription.objects.filter(pk=member.pk).values().get()
    return (
        row,
        list(Period.objects.values().order_by("pk")),
        History.objects.count(),
        Invoice.objects.filter(status="open").count(),
    )


def test_up_charges_the_difference_for_the_rest_of_the_period(gateway):
    member = make.member(gateway, "grove", now=JOINED)
    preview = quotes.change(member, make.price("conservatory"), now=HALF_WAY)
    result = change(member, make.price("conservatory"))

    invoice = Invoice.objects.get(reason="change")
    assert result.status == "done"
    # Half of 12 back, half of 24 charged.
    assert list(invoice.lines.values_list("kind", "amount_minor")) == [
        ("proration_credit", -600),
        ("proration_charge", 1200),
    ]
    assert preview.due_now.minor == invoice.total_minor == 600
    assert preview.tax.minor == invoice.tax_minor
    assert (preview.next_charge_at, preview.next_total.minor) == (member.current_end, 2400)
    member.refresh_from_db()
    assert member.plan.slug == "conservatory"
    assert (member.anchor, member.period_number) == (JOINED, 0)
    first, second = Period.objects.order_by("start")
    assert (first.start, first.end, first.credited_minor) == (JOINED, HALF_WAY, 600)
    assert (second.start, second.end, second.gross_minor) == (HALF_WAY, member.current_end, 1200)
    assert not Recovery.objects.exists()


def test_every_line_can_be_computed_again_from_its_inputs(gateway, now):
    member = make.member(gateway, "grove", now=now, promotion=make.promotion(now=now, duration="forever"))
    change(member, make.price("estate", unit="year"), now=now + timedelta(days=9, seconds=7))
    for invoice in Invoice.objects.all():
        for line in invoice.lines.all():
            assert billing_rules.recompute(line.kind, line.inputs) == line.amount_minor


def test_a_month_to_a_year_starts_anew_today(gateway):
    member = make.member(gateway, "grove", now=JOINED)
    result = change(member, make.price("grove", unit="year"))

    assert result.status == "done"
    assert Invoice.objects.get(reason="change").total_minor == 12000 - 600
    member.refresh_from_db()
    assert (member.anchor, member.current_start, member.period_number) == (HALF_WAY, HALF_WAY, 0)
    assert member.current_end == member.next_bill_at == datetime(2027, 4, 16, 10, 0, tzinfo=UTC)


def test_down_waits_for_the_end_of_the_period(gateway):
    member = make.member(gateway, "conservatory", now=JOINED)
    result = change(member, make.price("grove"))

    assert result.status == "scheduled"
    member.refresh_from_db()
    assert (member.plan.slug, member.pending_price) == ("conservatory", make.price("grove"))
    assert Invoice.objects.count() == 1
    assert "end of the period" in Message.objects.get(kind="plan-changed").text

    renewals.bill_due(now=member.current_end)
    member.refresh_from_db()
    assert (member.plan.slug, member.pending_price, member.anchor, member.period_number) == ("grove", None, JOINED, 1)
    assert Invoice.objects.get(reason="renewal").total_minor == 1200


def test_a_year_to_a_month_has_a_new_anchor_at_the_boundary(gateway):
    member = make.member(gateway, "grove", unit="year", now=JOINED)
    assert change(member, make.price("estate")).status == "scheduled"
    boundary = member.current_end
    renewals.bill_due(now=boundary)
    member.refresh_from_db()
    assert (member.anchor, member.period_number, member.current_start) == (boundary, 0, boundary)
    assert member.current_end == datetime(2027, 5, 1, 10, 0, tzinfo=UTC)


def test_down_to_the_free_plan_is_never_billed(gateway):
    member = make.member(gateway, "grove", now=JOINED)
    change(member, make.price("seedling"))
    renewals.bill_due(now=member.current_end + timedelta(days=90))
    member.refresh_from_db()
    assert (member.plan.slug, member.status) == ("seedling", Status.ACTIVE)
    assert (member.current_end, member.next_bill_at) == (None, None)
    assert Invoice.objects.count() == 1
    with pytest.raises(errors.NeedsSignup):
        change(member, make.price("grove"))


def test_a_change_that_waits_can_be_taken_back(gateway):
    member = make.member(gateway, "conservatory", now=JOINED)
    change(member, make.price("grove"))
    with pytest.raises(errors.NothingToChange):
        change(member, make.price("grove"))
    services.keep_plan(member.pk, customer=member.customer, now=HALF_WAY)
    member.refresh_from_db()
    assert member.pending_price is None
    with pytest.raises(errors.NothingToChange):
        services.keep_plan(member.pk, customer=member.customer, now=HALF_WAY)


def test_a_declined_card_changes_nothing(gateway):
    member = make.member(gateway, "grove", now=JOINED, script=(decline("insufficient_funds", first=2),))
    before = facts(member)
    result = change(member, make.price("estate"))

    assert result.status == "declined"
    assert result.message
    assert facts(member) == before
    assert Invoice.objects.get(reason="change").status == Invoice.Status.VOID
    assert PlanChange.objects.get().status == ChangeStatus.FAILED
    assert not Recovery.objects.exists()


def test_the_bank_asks_and_the_plan_changes_when_it_is_paid(gateway):
    member = make.member(gateway, "grove", now=JOINED, script=(authenticate(first=2),))
    result = change(member, make.price("estate"))
    assert result.status == "needs_action"
    member.refresh_from_db()
    assert member.plan.slug == "grove"
    with pytest.raises(errors.ChangeInProgress):
        change(member, make.price("conservatory"))

    gateway.confirm(result.payment.gateway_id)
    later = HALF_WAY + timedelta(minutes=5)
    result = services.continue_change(result.change.token, customer=member.customer, now=later)
    assert result.status == "done"
    member.refresh_from_db()
    assert (member.plan.slug, member.changing_since) == ("estate", None)
    assert Period.objects.latest_of(member).start == HALF_WAY


def test_an_unknown_outcome_waits_and_holds_the_renewal(gateway):
    member = make.member(gateway, "grove", now=JOINED, script=(lose_after(first=2),))
    before_end = member.current_end - timedelta(days=2)
    result = change(member, make.price("estate"), now=before_end)
    assert result.status == "waiting"
    with pytest.raises(errors.ChangeInProgress):
        services.cancel_change(result.change.token, customer=member.customer, now=before_end)
    assert renewals.bill_due(now=member.current_end) == 0
    assert clearing.abandon_due(now=member.current_end + timedelta(days=2)) == 0

    services.continue_change(result.change.token, customer=member.customer, now=member.current_end)
    assert renewals.bill_due(now=member.current_end) == 1
    assert Invoice.objects.get(reason="renewal").total_minor == 5900


def test_a_change_left_alone_is_cleared_away_and_billing_goes_on(gateway):
    member = make.member(gateway, "grove", now=JOINED, script=(authenticate(first=2, times=1),))
    result = change(member, make.price("estate"))
    assert clearing.abandon_due(now=HALF_WAY + timedelta(minutes=59)) == 0
    assert clearing.abandon_due(now=HALF_WAY + timedelta(minutes=60)) == 1
    assert PlanChange.objects.get(pk=result.change.pk).status == ChangeStatus.FAILED
    assert renewals.bill_due(now=member.current_end) == 1
    assert Invoice.objects.get(reason="renewal").total_minor == 1200
    assert "still on Grove" in Message.objects.get(kind="plan-change-failed").text


def test_a_lost_request_leaves_the_plan(gateway):
    member = make.member(gateway, "grove", now=JOINED, script=(lose_before(first=2),))
    result = change(member, make.price("estate"))
    assert result.status == "waiting"
    assert Payment.objects.get(invoice__reason="change").status == Payment.Status.UNKNOWN
    member.refresh_from_db()
    assert member.plan.slug == "grove"


def test_the_charge_is_that_of_the_preview_shown(gateway):
    member = make.member(gateway, "grove", now=JOINED)
    preview = quotes.change(member, make.price("estate"), now=HALF_WAY)
    change(member, make.price("estate"), now=HALF_WAY + timedelta(minutes=30), quoted_at=HALF_WAY)
    assert Invoice.objects.get(reason="change").total_minor == preview.due_now.minor == 2350


def test_a_preview_that_is_too_old_is_refused(gateway):
    member = make.member(gateway, "grove", now=JOINED)
    before = facts(member)
    for quoted_at in (HALF_WAY - timedelta(hours=2), HALF_WAY + timedelta(seconds=1), JOINED - timedelta(seconds=1)):
        with pytest.raises(errors.QuoteChanged):
            change(member, make.price("estate"), quoted_at=quoted_at)
    assert facts(member) == before


def test_two_changes_at_one_instant_give_back_what_was_paid(gateway):
    member = make.member(gateway, "grove", now=JOINED)
    change(member, make.price("conservatory"), now=JOINED)
    change(member, make.price("estate"), now=JOINED)
    assert list(Invoice.objects.order_by("pk").values_list("total_minor", flat=True)) == [1200, 1200, 3500]
    assert sum(Invoice.objects.values_list("total_minor", flat=True)) == 5900


def test_a_discount_on_the_period_goes_on_to_its_end(gateway):
    once = make.promotion(now=JOINED, percent_basis_points=5000)
    member = make.member(gateway, "grove", now=JOINED, promotion=once)
    change(member, make.price("conservatory"))
    # Paid 6 for the month: 3 back; half of the month at half of 24.
    assert Invoice.objects.get(reason="change").total_minor == 600 - 300


def test_refusals_change_nothing(gateway):
    member = make.member(gateway, "grove", now=JOINED)
    stranger = make.member(gateway, "grove", now=JOINED)
    services.new_price_version(make.price("conservatory"), amount_minor=2500, now=JOINED)
    before = facts(member)
    refusals = [
        (errors.UnknownPlan, lambda: services.change_plan(member.pk, 10**9, customer=member.customer, now=HALF_WAY)),
        (errors.ClosedPlan, lambda: change(member, make.price("conservatory"))),
        (errors.UnknownPlan, lambda: change(member, make.price("estate", currency="USD"))),
        (errors.NothingToChange, lambda: change(member, make.price("grove"))),
        (
            errors.NotOpen,
            lambda: services.change_plan(member.pk, make.price("estate").pk, customer=stranger.customer, now=HALF_WAY),
        ),
    ]
    for kind, act in refusals:
        with pytest.raises(kind):
            act()
    assert facts(member) == before
    services.request_cancel(member.pk, customer=member.customer, now=HALF_WAY)
    with pytest.raises(errors.CancellationPending):
        change(member, make.price("estate"))
    assert PlanChange.objects.count() == 0
