"""Memberships that end by themselves after an agreed number of periods."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.billing import collection
from apps.billing.models import Invoice
from apps.campaigns import notices
from apps.mail.models import Message
from apps.memberships import clearing, errors, quotes, renewals, services, trials
from apps.memberships.models import Period, Price, Status, Subscription
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
END = datetime(2026, 10, 1, 10, 0, tzinfo=UTC)


def half_a_year(slug: str = "grove", **terms) -> Price:
    return make.special_price(slug, **{"amount_minor": 1100, "term_periods": 6, **terms})


def join(gateway, chosen: Price, **how) -> Subscription:
    return Subscription.objects.current_of(make.join(gateway, chosen, now=JOINED, **how).customer)


def live_until(member: Subscription, end: datetime) -> None:
    """Let the workers bill, collect and end, period by period."""
    member.refresh_from_db()
    while member.next_bill_at is not None and member.next_bill_at <= end:
        at = member.next_bill_at
        renewals.bill_due(now=at)
        collection.collect_due(now=at)
        clearing.end_due(now=at)
        member.refresh_from_db()
        if member.next_bill_at == at:
            break


def test_it_is_billed_six_times_and_ends(gateway):
    member = join(gateway, half_a_year())
    assert (member.ends_at, member.term_ends_at, member.is_cancelling) == (END, END, False)
    letter = Message.objects.get(kind="membership-confirmation").text
    assert "Ends by itself on: 1 October 2026" in letter
    assert "renews by itself" not in letter

    live_until(member, END + timedelta(days=90))
    assert (member.status, member.end_reason, member.ended_at) == (Status.ENDED, "term", END)
    assert list(Invoice.objects.values_list("total_minor", "status")) == [(1100, "paid")] * 6
    assert Period.objects.order_by("-start")[0].end == END
    assert "as we agreed when you joined" in Message.objects.get(kind="membership-ended").text


def test_a_year_that_ends_has_no_renewal_notice(gateway):
    member = join(gateway, half_a_year(interval_unit="year", term_periods=1))
    assert member.ends_at == member.current_end == datetime(2027, 4, 1, 10, 0, tzinfo=UTC)
    assert notices.next_due(now=JOINED) is None
    assert notices.give_due(now=member.current_end - timedelta(days=5)) == 0
    assert renewals.bill_due(now=member.current_end) == 0


def test_the_quote_says_when_it_ends(gateway):
    quote = quotes.first_charge(half_a_year(), customer=make.free_member(now=JOINED).customer, now=JOINED)
    assert (quote.ends_at, quote.total.minor, quote.next_total.minor) == (END, 1100, 1100)
    once = half_a_year("estate", term_periods=1)
    last = quotes.first_charge(once, customer=Subscription.objects.get().customer, now=JOINED)
    assert (last.ends_at, last.next_charge_at, last.next_total) == (last.period.end, None, None)


def test_the_term_counts_from_the_end_of_a_trial(gateway):
    member = join(gateway, half_a_year(trial_days=30), fingerprint="one")
    first_charge = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
    assert (member.current_end, member.ends_at) == (first_charge, datetime(2026, 11, 1, 11, 0, tzinfo=UTC))
    trials.announce_due(now=first_charge - timedelta(days=8))
    live_until(member, END + timedelta(days=90))
    assert Invoice.objects.count() == 6
    assert member.ended_at == datetime(2026, 11, 1, 11, 0, tzinfo=UTC)


def test_cancelling_before_the_term_and_back(gateway):
    member = join(gateway, half_a_year())
    services.request_cancel(member.pk, customer=member.customer, now=JOINED)
    member.refresh_from_db()
    assert (member.ends_at, member.term_ends_at, member.is_cancelling) == (member.current_end, None, True)
    services.undo_cancel(member.pk, customer=member.customer, now=JOINED)
    member.refresh_from_db()
    assert (member.ends_at, member.term_ends_at, member.is_cancelling) == (END, END, False)


def test_cancelling_in_the_last_period_changes_the_reason_alone(gateway):
    member = join(gateway, half_a_year())
    live_until(member, END - timedelta(days=1))
    assert member.is_last_period
    services.request_cancel(member.pk, customer=member.customer, now=END - timedelta(days=1))
    member.refresh_from_db()
    assert (member.ends_at, member.is_cancelling) == (END, True)
    assert Message.objects.filter(kind="cancellation-receipt").count() == 1
    clearing.end_due(now=END)
    member.refresh_from_db()
    assert (member.ended_at, member.end_reason) == (END, "cancelled")


def test_up_within_the_term_keeps_its_end(gateway):
    member = join(gateway, half_a_year())
    at = JOINED + timedelta(days=15)
    higher = half_a_year("estate", amount_minor=5500)
    preview = quotes.change(member, higher, now=at)
    assert (preview.starts_anew, preview.ends_at, preview.due_now.minor) == (False, END, 2750 - 550)
    services.change_plan(member.pk, higher.pk, customer=member.customer, now=at)
    member.refresh_from_db()
    assert (member.plan.slug, member.ends_at, member.anchor) == ("estate", END, JOINED)


def test_up_to_a_price_that_renews_ends_the_term(gateway):
    member = join(gateway, half_a_year())
    at = JOINED + timedelta(days=15)
    result = services.change_plan(member.pk, make.price("estate").pk, customer=member.customer, now=at)
    assert result.status == "done"
    member.refresh_from_db()
    assert (member.ends_at, member.term_ends_at, member.anchor) == (None, None, at)
    # A new rhythm begins anew: a whole month is charged, half of the old one given back.
    assert Invoice.objects.get(reason="change").total_minor == 5900 - 550


def test_from_a_price_that_renews_into_a_term(gateway):
    member = make.member(gateway, "estate", now=JOINED)
    term = half_a_year()
    assert services.change_plan(member.pk, term.pk, customer=member.customer, now=JOINED).status == "scheduled"
    boundary = member.current_end
    renewals.bill_due(now=boundary)
    member.refresh_from_db()
    assert (member.anchor, member.ends_at) == (boundary, datetime(2026, 11, 1, 11, 0, tzinfo=UTC))
    assert member.ends_at == member.term_ends_at


def test_a_change_that_waits_for_the_last_day_goes_on(gateway):
    member = join(gateway, half_a_year("estate", amount_minor=5500))
    live_until(member, END - timedelta(days=1))
    now = END - timedelta(days=1)
    with pytest.raises(errors.NothingToChange):
        services.change_plan(member.pk, half_a_year().pk, customer=member.customer, now=now)
    services.change_plan(member.pk, make.price("grove").pk, customer=member.customer, now=now)
    member.refresh_from_db()
    assert (member.ends_at, member.term_ends_at) == (None, None)
    # Taken back, it ends as agreed; asked for again, it goes on.
    services.keep_plan(member.pk, customer=member.customer, now=now)
    member.refresh_from_db()
    assert member.ends_at == END
    services.change_plan(member.pk, make.price("grove").pk, customer=member.customer, now=now)
    assert clearing.end_due(now=END) == 0
    assert renewals.bill_due(now=END) == 1
    member.refresh_from_db()
    assert (member.plan.slug, member.ends_at, member.status) == ("grove", None, Status.ACTIVE)


def test_the_database_knows_what_a_term_is(gateway):
    member = join(gateway, half_a_year())
    mine = Subscription.objects.filter(pk=member.pk)
    for columns in ({"ends_at": None}, {"ends_at": JOINED + timedelta(days=1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            mine.update(**columns)
    for terms in ({"term_periods": 0}, {"amount_minor": 0}, {"term_periods": 121}):
        with pytest.raises(IntegrityError), transaction.atomic():
            half_a_year(version=20, **terms)
    # Beside the monthly price that renews: another family, with versions of its own.
    assert half_a_year(version=1).version == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        half_a_year(version=1)
