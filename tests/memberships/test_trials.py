"""Free trials: nothing today, one for each person and card, and the first charge by the ordinary renewal."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import collection
from apps.billing.gateway.behaviours import decline
from apps.billing.models import Card, Invoice, Payment
from apps.insights import numbers
from apps.mail.models import Message
from apps.memberships import clearing, errors, quotes, renewals, services, signup, trials
from apps.memberships.models import History, Period, SignupStatus, Status, Subscription, TrialUse
from tests.factories import accounts
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

BEGAN = datetime(2026, 3, 20, 9, 30, tzinfo=UTC)
# Fourteen days on the wall in Rome, where the clocks go forward on 29 March.
ENDS = datetime(2026, 4, 3, 8, 30, tzinfo=UTC)


def trial_price(days: int = 14, **terms):
    return make.special_price("conservatory", amount_minor=2400, trial_days=days, **terms)


def begin(gateway, chosen=None, *, now=BEGAN, **how) -> Subscription:
    done = make.join(gateway, chosen or trial_price(), now=now, **how)
    return Subscription.objects.current_of(done.customer)


def notices() -> list[Message]:
    return list(Message.objects.filter(kind="trial-ending").order_by("pk"))


def test_a_trial_takes_a_card_and_no_money(gateway):
    done = make.join(gateway, trial_price(), now=BEGAN, fingerprint="anna")

    trial = Subscription.objects.get()
    assert (done.status, done.subscription, done.quote["total_minor"]) == (SignupStatus.COMPLETED, trial, 0)
    assert (trial.status, trial.started_at, trial.current_start) == (Status.TRIALING, BEGAN, BEGAN)
    assert trial.current_end == trial.next_bill_at == trial.anchor == ENDS
    assert trial.is_open_at(BEGAN)
    assert Card.objects.get().profile.default_card == Card.objects.get()
    assert not Invoice.objects.exists()
    assert not Payment.objects.exists()
    use = TrialUse.objects.get()
    assert (use.customer, use.plan_group, use.fingerprint, use.subscription) == (
        done.customer, "membership", "anna", trial,
    )  # fmt: skip
    assert [(row.old, row.new) for row in History.objects.all()] == [("incomplete", "trialing")]


def test_the_confirmation_tells_of_the_trial(gateway):
    begin(gateway)
    letter = Message.objects.get(kind="membership-confirmation").text
    for fact in (
        "Free trial: 20 March 2026 – 3 April 2026",
        "Charged today: €0.00",
        "First charge: 3 April 2026, €24.00",
        "cancel before that day and nothing is charged",
    ):
        assert fact in letter, fact


def test_the_first_charge_is_an_ordinary_renewal(gateway):
    trial = begin(gateway)
    trials.announce_due(now=ENDS - timedelta(days=8))
    assert renewals.bill_due(now=ENDS - timedelta(seconds=1)) == 0
    assert renewals.bill_due(now=ENDS) == 1

    trial.refresh_from_db()
    invoice = Invoice.objects.get()
    assert (invoice.reason, invoice.total_minor, invoice.key) == (
        "renewal", 2400, f"period:{trial.pk}:{ENDS.isoformat()}",
    )  # fmt: skip
    assert (trial.status, trial.anchor, trial.period_number) == (Status.ACTIVE, ENDS, 0)
    assert trial.next_bill_at == datetime(2026, 5, 3, 8, 30, tzinfo=UTC)
    assert Period.objects.get().start == ENDS
    collection.collect_due(now=ENDS)
    assert Invoice.objects.get().status == "paid"
    assert [(row.old, row.new) for row in History.objects.filter(kind="status").order_by("pk")] == [
        ("incomplete", "trialing"),
        ("trialing", "active"),
    ]


def test_a_first_charge_that_fails_is_recovered_like_any_other(gateway):
    trial = begin(gateway, script=(decline("insufficient_funds", first=1, times=1),))
    trials.announce_due(now=ENDS - timedelta(days=8))
    renewals.bill_due(now=ENDS)
    collection.collect_due(now=ENDS)
    trial.refresh_from_db()
    assert trial.status == Status.PAST_DUE
    assert Invoice.objects.get().recovery.status == "open"


def test_the_notice_comes_eight_days_before_and_once(gateway):
    begin(gateway)
    due = ENDS - timedelta(days=8)
    assert trials.next_due(now=BEGAN) == due
    assert trials.announce_due(now=due - timedelta(seconds=1)) == 0
    assert trials.announce_due(now=due) == 1
    assert trials.announce_due(now=due) == 0

    trial = Subscription.objects.get()
    [letter] = notices()
    assert letter.key == f"trial-ending:{trial.pk}:2026-04-03"
    assert "On that day we charge your card €24.00" in letter.text
    assert "/account/membership/cancel/" in letter.text
    assert (trial.trial_noticed_at, trials.next_due(now=due)) == (due, None)


@pytest.mark.parametrize("days", [1, 6, 7, 8])
def test_a_short_trial_tells_at_once(gateway, days):
    trial = begin(gateway, trial_price(days))
    assert len(notices()) == 1
    assert trial.trial_noticed_at == BEGAN
    assert renewals.bill_due(now=trial.next_bill_at) == 1


def test_a_late_notice_moves_the_charge_and_nobody_is_charged_without_one(gateway):
    trial = begin(gateway)
    # No worker ran for three weeks: the trial was not charged, because nobody was told.
    late = ENDS + timedelta(days=7)
    assert renewals.bill_due(now=late) == 0
    assert trials.announce_due(now=late) == 1
    trial.refresh_from_db()
    assert trial.next_bill_at == trial.current_end == trial.anchor == late + timedelta(days=7)
    assert "€24.00" in notices()[0].text
    assert "17 April 2026" in notices()[0].text
    moved = History.objects.get(kind="trial")
    assert (moved.old, moved.new) == (ENDS.isoformat(), trial.next_bill_at.isoformat())
    assert renewals.bill_due(now=late) == 0
    assert renewals.bill_due(now=trial.next_bill_at) == 1


def test_cancelling_ends_the_trial_without_a_charge(gateway):
    trial = begin(gateway)
    services.request_cancel(trial.pk, customer=trial.customer, now=BEGAN + timedelta(days=3))
    trial.refresh_from_db()
    assert (trial.status, trial.ends_at, trial.is_cancelling) == (Status.TRIALING, ENDS, True)
    assert trials.announce_due(now=ENDS) == 0
    assert renewals.bill_due(now=ENDS) == 0
    assert clearing.end_due(now=ENDS) == 1
    trial.refresh_from_db()
    assert (trial.status, trial.ended_at, trial.end_reason) == (Status.ENDED, ENDS, "cancelled")
    assert not Invoice.objects.exists()
    assert not notices()


def test_whoever_undoes_the_cancellation_late_is_told_at_once(gateway):
    trial = begin(gateway)
    services.request_cancel(trial.pk, customer=trial.customer, now=BEGAN)
    undone = ENDS - timedelta(days=2)
    services.undo_cancel(trial.pk, customer=trial.customer, now=undone)
    trial.refresh_from_db()
    assert (trial.trial_noticed_at, trial.next_bill_at, trial.ends_at) == (undone, ENDS, None)
    assert len(notices()) == 1


def test_a_second_trial_of_the_same_person_is_paid_at_once(gateway):
    first = begin(gateway, fingerprint="anna")
    services.request_cancel(first.pk, customer=first.customer, now=BEGAN)
    clearing.end_due(now=ENDS)

    quote = quotes.first_charge(first.price, customer=first.customer, now=ENDS)
    assert (quote.trial_refused, quote.trial_days, quote.total.minor) == (True, 0, 2400)
    again = begin(gateway, first.price, now=ENDS, user=first.customer, fingerprint="another card")
    assert (again.status, Invoice.objects.get().total_minor) == (Status.ACTIVE, 2400)
    assert TrialUse.objects.count() == 1


def test_a_second_trial_with_the_same_card_is_refused_and_can_be_paid(gateway):
    chosen = trial_price()
    begin(gateway, chosen, fingerprint="one card")
    berta = accounts.customer()
    with pytest.raises(errors.TrialUsed, match="Nothing was charged"):
        begin(gateway, chosen, user=berta, fingerprint="one card")
    assert Subscription.objects.current_of(berta) is None
    assert not Invoice.objects.exists()
    assert TrialUse.objects.count() == 1

    # The card is known now: what she is shown next is what she pays.
    assert quotes.first_charge(chosen, customer=berta, now=BEGAN).trial_refused
    assert begin(gateway, chosen, user=berta, fingerprint="one card").status == Status.ACTIVE
    assert Invoice.objects.get().total_minor == 2400


def test_a_card_without_a_fingerprint_stands_in_nobodys_way(gateway):
    chosen = trial_price()
    assert begin(gateway, chosen, fingerprint="").status == Status.TRIALING
    assert begin(gateway, chosen, fingerprint="").status == Status.TRIALING


def test_whoever_agreed_to_pay_is_not_given_a_trial_instead(gateway):
    chosen = trial_price()
    begun, setup_id = make.begin(gateway, chosen, now=BEGAN)
    begun.quote["trial_days"] = 0
    begun.quote["total_minor"] = 2400
    begun.save()
    with pytest.raises(errors.QuoteChanged):
        signup.complete(begun.token, user=begun.customer, setup_id=setup_id, now=BEGAN)
    assert not Subscription.objects.exists()


def test_the_discount_waits_for_the_first_charge(gateway):
    promotion = make.promotion(now=BEGAN, duration="repeating", periods=2)
    trial = begin(gateway, promotion=promotion)
    assert trial.promotion_periods_left == 2
    trials.announce_due(now=ENDS - timedelta(days=8))
    assert "€12.00" in notices()[0].text
    for _period in range(3):
        trial.refresh_from_db()
        renewals.bill_due(now=trial.next_bill_at)
        collection.collect_due(now=trial.next_bill_at)
    assert list(Period.objects.order_by("start").values_list("gross_minor", flat=True)) == [1200, 1200, 2400]


def test_up_during_a_trial_begins_the_first_period_now(gateway):
    trial = begin(gateway)
    at = BEGAN + timedelta(days=4)
    estate = make.price("estate")
    preview = quotes.change(trial, estate, now=at)
    assert (preview.due_now.minor, preview.ends_trial, preview.starts_anew) == (5900, True, True)
    assert services.change_plan(trial.pk, estate.pk, customer=trial.customer, now=at).status == "done"
    trial.refresh_from_db()
    assert (trial.status, trial.anchor, trial.plan.slug) == (Status.ACTIVE, at, "estate")
    assert trial.next_bill_at == datetime(2026, 4, 24, 8, 30, tzinfo=UTC)
    assert Invoice.objects.get().total_minor == 5900
    assert Period.objects.get().gross_minor == 5900


def test_down_during_a_trial_waits_for_its_end(gateway):
    trial = begin(gateway)
    grove = make.price("grove")
    assert services.change_plan(trial.pk, grove.pk, customer=trial.customer, now=BEGAN).status == "scheduled"
    trials.announce_due(now=ENDS - timedelta(days=8))
    assert "€12.00" in notices()[0].text
    renewals.bill_due(now=ENDS)
    trial.refresh_from_db()
    assert (trial.status, trial.plan.slug, Invoice.objects.get().total_minor) == (Status.ACTIVE, "grove", 1200)


def test_down_to_the_free_plan_during_a_trial(gateway):
    trial = begin(gateway)
    services.change_plan(trial.pk, make.price("seedling").pk, customer=trial.customer, now=BEGAN)
    trials.announce_due(now=ENDS - timedelta(days=8))
    assert "which costs nothing" in notices()[0].text
    assert renewals.bill_due(now=ENDS) == 1
    trial.refresh_from_db()
    assert (trial.status, trial.plan.slug, trial.next_bill_at) == (Status.ACTIVE, "seedling", None)
    assert not Invoice.objects.exists()


def test_a_trial_is_not_revenue(gateway):
    trial = begin(gateway)
    assert numbers.mrr(now=BEGAN) == []
    assert numbers.joined_and_left(since=BEGAN - timedelta(days=1), until=BEGAN) == (0, 0)
    trials.announce_due(now=ENDS - timedelta(days=8))
    renewals.bill_due(now=ENDS)
    # 24.00 with 22 % tax in it.
    assert [str(money) for money in numbers.mrr(now=ENDS)] == ["€19.67"]
    assert numbers.joined_and_left(since=BEGAN - timedelta(days=1), until=ENDS) == (1, 0)
    trial.refresh_from_db()
    assert trial.trial_use.began_at == BEGAN


def test_a_free_member_tries_a_paid_plan(gateway):
    free = make.free_member(now=BEGAN)
    trial = begin(gateway, user=free.customer)
    free.refresh_from_db()
    assert (free.status, free.end_reason, trial.status) == (Status.ENDED, "upgraded", Status.TRIALING)
