"""Signing up: quote, consent, card, first charge, membership."""

from datetime import UTC, datetime

import pytest

from apps.billing.cards import SetupRefused
from apps.billing.gateway.behaviours import authenticate, decline, lose_after
from apps.billing.models import Invoice, Payment
from apps.loyalty.models import PointsAccount
from apps.mail.models import Message
from apps.memberships import errors, services, signup
from apps.memberships.models import History, Period, Signup, SignupStatus, Status, Subscription
from apps.promotions.models import Promotion
from apps.promotions.services import NotRedeemable
from tests.factories import accounts
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db


def test_a_card_a_charge_and_a_membership(gateway, now):
    done = make.join(gateway, make.price("grove"), now=now)

    subscription = Subscription.objects.get()
    invoice = Invoice.objects.get()
    period = Period.objects.get()
    assert done.status == SignupStatus.COMPLETED
    assert done.completed_at == now
    assert done.consent.text == make.TERMS["terms_text"]
    assert subscription.status == Status.ACTIVE
    assert subscription.started_at == subscription.anchor == subscription.current_start == now
    # 10 March to 10 April, 10:30 in Rome: an hour earlier in UTC after the change to summer time.
    assert subscription.current_end == subscription.next_bill_at == datetime(2026, 4, 10, 8, 30, tzinfo=UTC)
    assert (invoice.total_minor, invoice.tax_minor, invoice.status) == (1200, 216, Invoice.Status.PAID)
    assert (period.start, period.end, period.gross_minor) == (now, subscription.current_end, 1200)
    # 12 euro at 5 points, a quarter more on Grove.
    assert PointsAccount.objects.balance_of(done.customer) == 75
    assert [row.new for row in History.objects.order_by("pk")] == ["active"]


def test_the_quote_shown_is_the_charge_made(gateway, now):
    half_off = make.promotion(now=now, duration="repeating", periods=3, code="HALF")
    done = make.join(gateway, make.price("conservatory"), now=now, promotion=half_off)

    invoice = Invoice.objects.get()
    assert done.quote["total_minor"] == invoice.total_minor == 1200
    assert done.quote["tax_minor"] == invoice.tax_minor
    assert done.quote["next_total_minor"] == 1200
    assert [line["amount_minor"] for line in done.quote["lines"]] == [2400, -1200]
    assert list(invoice.lines.values_list("amount_minor", flat=True)) == [2400, -1200]
    subscription = Subscription.objects.get()
    assert (subscription.promotion, subscription.promotion_periods_left) == (half_off, 2)
    assert Promotion.objects.get(code="HALF").redeemed == 1


def test_a_membership_that_is_free_for_ever_can_be_joined(gateway, now):
    free = make.promotion(now=now, percent_basis_points=10_000, duration="forever")
    done = make.join(gateway, make.price("grove"), now=now, promotion=free)
    assert (done.quote["total_minor"], done.quote["next_total_minor"]) == (0, 0)
    assert Subscription.objects.get().status == Status.ACTIVE
    assert not Payment.objects.exists()


def test_the_confirmation_says_what_was_agreed(gateway, now):
    make.join(gateway, make.price("grove"), now=now)

    letter = Message.objects.get(kind="membership-confirmation")
    for fact in (
        "Grove",
        "€12.00 a month",
        "10 March 2026",
        "10 April 2026",
        "14 days",
        "/account/membership/cancel/",
    ):
        assert fact in letter.text


def test_a_declined_card_leaves_nothing_owed(gateway, now):
    code = make.promotion(now=now, code="HALF", max_redemptions=1)
    failed = make.join(gateway, make.price("grove"), now=now, script=(decline("insufficient_funds"),), promotion=code)

    subscription = Subscription.objects.get()
    assert failed.status == SignupStatus.FAILED
    assert failed.message
    assert (subscription.status, subscription.end_reason) == (Status.EXPIRED, "first_payment")
    assert Invoice.objects.get().status == Invoice.Status.VOID
    assert Promotion.objects.get(code="HALF").redeemed == 0
    assert not Message.objects.filter(kind="membership-confirmation").exists()

    again = make.join(gateway, make.price("grove"), now=now, user=failed.customer, promotion=code)
    assert again.status == SignupStatus.COMPLETED
    assert Promotion.objects.get(code="HALF").redeemed == 1


def test_repeating_the_return_charges_once(gateway, now):
    begun, setup_id = make.begin(gateway, make.price("grove"), now=now)
    for _time in range(3):
        done = signup.complete(begun.token, user=begun.customer, setup_id=setup_id, now=now)

    assert done.status == SignupStatus.COMPLETED
    assert Payment.objects.get().status == Payment.Status.SUCCEEDED
    assert Subscription.objects.count() == Invoice.objects.count() == 1


def test_the_bank_may_ask_the_customer(gateway, now):
    begun = make.join(gateway, make.price("grove"), now=now, script=(authenticate(),))
    payment = signup.payment_of(begun)
    assert begun.status == SignupStatus.OPEN
    assert payment.status == Payment.Status.NEEDS_ACTION
    assert Subscription.objects.get().status == Status.INCOMPLETE

    gateway.confirm(payment.gateway_id)
    done = signup.resume(begun.token, user=begun.customer, now=now)
    assert done.status == SignupStatus.COMPLETED
    assert Subscription.objects.get().status == Status.ACTIVE


def test_a_lost_answer_waits_and_is_found(gateway, now):
    begun = make.join(gateway, make.price("grove"), now=now, script=(lose_after(),))
    assert begun.status == SignupStatus.OPEN
    with pytest.raises(errors.AlreadySubscribed):
        make.join(gateway, make.price("grove"), now=now, user=begun.customer)

    done = signup.resume(begun.token, user=begun.customer, now=now)
    assert done.status == SignupStatus.COMPLETED
    assert Payment.objects.get().status == Payment.Status.SUCCEEDED


def test_a_promotion_that_covers_all_charges_nothing(gateway, now):
    gift = make.promotion(now=now, percent_basis_points=10_000)
    done = make.join(gateway, make.price("grove"), now=now, promotion=gift)

    assert done.status == SignupStatus.COMPLETED
    assert Subscription.objects.get().status == Status.ACTIVE
    assert not Payment.objects.exists()
    assert PointsAccount.objects.balance_of(done.customer) == 0


def test_a_free_membership_gives_way_when_the_paid_one_starts(gateway, now):
    seedling = make.free_member(now=now)
    make.join(gateway, make.price("grove"), now=now, user=seedling.customer, script=(decline(),))
    seedling.refresh_from_db()
    assert seedling.status == Status.ACTIVE

    make.join(gateway, make.price("grove"), now=now, user=seedling.customer)
    seedling.refresh_from_db()
    assert (seedling.status, seedling.end_reason) == (Status.ENDED, "upgraded")
    assert Subscription.objects.current_of(seedling.customer).plan.slug == "grove"
    assert Subscription.objects.open_at(now).get().plan.slug == "grove"


def test_refusals_change_nothing(gateway, now):
    member = make.member(gateway, now=now)
    grove, estate = make.price("grove"), make.price("estate")
    before = (Signup.objects.count(), Subscription.objects.count(), Invoice.objects.count())

    def start(user, price_id, **more):
        return signup.start(user, price_id, now=now, **make.TERMS, **more)

    with pytest.raises(errors.AlreadySubscribed):
        start(member.customer, estate.pk)
    with pytest.raises(errors.UnknownPlan):
        start(accounts.customer(), 10**9)
    with pytest.raises(errors.UnknownPlan):
        start(accounts.customer(), make.price("seedling").pk)
    services.new_price_version(grove, amount_minor=1500, now=now)
    with pytest.raises(errors.ClosedPlan):
        start(accounts.customer(), grove.pk)
    over = make.promotion(now=now, valid_to=now.replace(hour=23))
    with pytest.raises(NotRedeemable):
        signup.start(accounts.customer(), estate.pk, now=now.replace(day=11), promotion=over, **make.TERMS)
    dollars = make.promotion(now=now, amount_minor=500, currency="USD")
    with pytest.raises(NotRedeemable):
        start(accounts.customer(), estate.pk, promotion=dollars)
    assert before == (Signup.objects.count(), Subscription.objects.count(), Invoice.objects.count())


def test_a_foreign_card_setup_is_refused(gateway, now):
    begun, _mine = make.begin(gateway, make.price("grove"), now=now)
    _other, theirs = make.begin(gateway, make.price("grove"), now=now)

    with pytest.raises(SetupRefused):
        signup.complete(begun.token, user=begun.customer, setup_id=theirs, now=now)
    with pytest.raises(errors.NotOpen):
        signup.complete(begun.token, user=accounts.customer(), setup_id=theirs, now=now)
    assert not Subscription.objects.exists()
    assert not Invoice.objects.exists()


def test_a_price_closed_between_quote_and_card_is_not_charged(gateway, now):
    begun, setup_id = make.begin(gateway, make.price("grove"), now=now)
    services.new_price_version(make.price("grove"), amount_minor=1500, now=now)

    with pytest.raises(errors.ClosedPlan):
        signup.complete(begun.token, user=begun.customer, setup_id=setup_id, now=now)
    assert not Invoice.objects.exists()


def test_joining_a_free_plan_needs_no_card(now):
    subscription = make.free_member(now=now)
    assert subscription.status == Status.ACTIVE
    assert (subscription.current_end, subscription.next_bill_at) == (None, None)
    assert "free" in Message.objects.get(kind="membership-confirmation").text
    with pytest.raises(errors.AlreadySubscribed):
        make.free_member(now=now, user=subscription.customer)
    assert Subscription.objects.count() == 1


@pytest.mark.parametrize("free", ["join", "give"])
def test_a_sign_up_that_waits_for_the_bank_gives_way_to_a_free_membership(gateway, now, free):
    begun = make.join(gateway, make.price("grove"), now=now, script=(authenticate(),))
    become_free(begun.customer, free, now=now)
    assert Subscription.objects.current_of(begun.customer).price.is_free
    begun.refresh_from_db()
    assert (begun.status, begun.subscription.status) == (SignupStatus.EXPIRED, Status.EXPIRED)
    assert Invoice.objects.get().status == Invoice.Status.VOID


@pytest.mark.parametrize("free", ["join", "give"])
def test_a_sign_up_whose_charge_may_go_through_does_not_give_way(gateway, now, free):
    begun = make.join(gateway, make.price("grove"), now=now, script=(lose_after(),))
    with pytest.raises(errors.AlreadySubscribed, match="still on its way"):
        become_free(begun.customer, free, now=now)
    assert [row.status for row in Subscription.objects.all()] == [Status.INCOMPLETE]
    assert signup.resume(begun.token, user=begun.customer, now=now).status == SignupStatus.COMPLETED


def become_free(user, how, *, now):
    """Join the free plan, or be given a paid one."""
    if how == "join":
        return make.free_member(now=now, user=user)
    grove = make.plans()["grove"]
    return services.give_complimentary(user, grove, reason="A friend", actor="staff@example.com", now=now)
