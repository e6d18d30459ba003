"""More than one of a plan: the line, the change, the revenue."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.billing import collection, refunds
from apps.billing import rules as billing_rules
from apps.billing.models import Invoice, InvoiceLine, Payment
from apps.core.money import Money
from apps.insights import numbers
from apps.mail.models import Message
from apps.memberships import errors, quotes, renewals, services
from apps.memberships.models import History, Period, PlanChange, Signup, Subscription
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
HALF_WAY = JOINED + timedelta(days=15)


@pytest.fixture
def three(gateway) -> Subscription:
    """A member with three boxes of Grove, of at most five."""
    make.several("grove", most=5)
    return make.member(gateway, "grove", now=JOINED, quantity=3)


def to(member: Subscription, quantity: int, *, now=HALF_WAY, slug: str = "grove"):
    chosen = make.price(slug)
    return services.change_plan(member.pk, chosen.pk, customer=member.customer, quantity=quantity, now=now)


def test_a_period_costs_the_unit_times_the_quantity(three):
    invoice, line = Invoice.objects.get(), InvoiceLine.objects.get()
    assert (three.quantity, invoice.total_minor) == (3, 3600)
    assert (line.quantity, line.unit_minor, line.amount_minor) == (3, 1200, 3600)
    assert (line.inputs["unit_minor"], line.inputs["quantity"]) == (1200, 3)
    assert billing_rules.recompute(line.kind, line.inputs) == 3600
    assert line.description == "3 × Grove membership, one month"
    assert "3 × €12.00 a month" in Message.objects.get(kind="membership-confirmation").text


def test_an_amount_is_taken_off_once_and_a_percentage_off_all(gateway):
    make.several("grove", most=5)
    off = make.promotion(now=JOINED, amount_minor=500, currency="EUR", name="Five off")
    half = make.promotion(now=JOINED)
    totals = [
        Invoice.objects.get(
            periods__subscription=make.member(gateway, now=JOINED, quantity=3, promotion=promotion)
        ).total_minor
        for promotion in (off, half)
    ]
    assert totals == [3600 - 500, 1800]
    for line in InvoiceLine.objects.all():
        assert billing_rules.recompute(line.kind, line.inputs) == line.amount_minor


def test_one_more_is_paid_for_the_rest_of_the_period(three):
    preview = quotes.change(three, three.price, quantity=4, now=HALF_WAY)
    assert to(three, 4).status == "done"
    invoice = Invoice.objects.get(reason="change")
    # Half of three given back, half of four charged.
    assert list(invoice.lines.values_list("amount_minor", flat=True)) == [-1800, 2400]
    assert invoice.total_minor == preview.due_now.minor == 600
    three.refresh_from_db()
    assert (three.quantity, three.anchor, three.plan.slug) == (4, JOINED, "grove")
    assert PlanChange.objects.get().quantity == 4
    assert "has changed as below" in Message.objects.get(kind="plan-changed").text
    renewals.bill_due(now=three.current_end)
    assert Invoice.objects.get(reason="renewal").total_minor == 4800


def test_fewer_wait_for_the_end_of_the_period(three):
    assert to(three, 1).status == "scheduled"
    three.refresh_from_db()
    assert (three.quantity, three.pending_quantity, three.pending_price) == (3, 1, None)
    assert quotes.next_total(three, now=HALF_WAY) == Money(1200, "EUR")
    with pytest.raises(errors.NothingToChange):
        to(three, 1)
    renewals.bill_due(now=three.current_end)
    three.refresh_from_db()
    assert (three.quantity, three.pending_quantity) == (1, None)
    assert Invoice.objects.get(reason="renewal").total_minor == 1200
    assert History.objects.filter(kind="plan", reason="start of the period").values_list("old", "new").get() == (
        "3 × Grove: €12.00 / month (v1)",
        "Grove: €12.00 / month (v1)",
    )


def test_fewer_can_be_taken_back(three):
    to(three, 2)
    services.keep_plan(three.pk, customer=three.customer, now=HALF_WAY)
    three.refresh_from_db()
    assert (three.quantity, three.pending_quantity) == (3, None)


def test_a_member_adds_one_at_the_price_they_joined_at(three):
    new = services.new_price_version(three.price, amount_minor=9900, now=HALF_WAY)
    for price_id in (three.price_id, new.pk):
        preview = services.preview_change(
            Subscription.objects.current_of(three.customer),
            new if price_id == new.pk else three.price,
            quantity=4,
            now=HALF_WAY,
        )
        assert (preview.price, preview.due_now.minor) == (three.price, 600)
    services.change_plan(three.pk, three.price_id, customer=three.customer, quantity=4, now=HALF_WAY)
    three.refresh_from_db()
    assert (three.price.version, three.quantity) == (1, 4)


@pytest.mark.parametrize("quantity", [0, -1, 6, 1000])
def test_the_plan_says_how_many(three, quantity):
    before = (list(Subscription.objects.values()), Invoice.objects.count(), History.objects.count())
    with pytest.raises(errors.QuantityRefused):
        to(three, quantity)
    assert (list(Subscription.objects.values()), Invoice.objects.count(), History.objects.count()) == before


def test_a_sign_up_for_too_many_is_refused(gateway):
    with pytest.raises(errors.QuantityRefused):
        make.begin(gateway, make.price("grove"), now=JOINED, quantity=2)
    assert not Signup.objects.exists()


def test_a_plan_that_holds_one_takes_one(three):
    preview = services.preview_change(three, make.price("estate"), now=HALF_WAY)
    assert (preview.quantity, preview.direction) == (1, "up")
    with pytest.raises(errors.QuantityRefused):
        to(three, 3, slug="estate")
    # 36 given back by half, one Estate charged by half.
    assert (
        services.change_plan(
            three.pk, make.price("estate").pk, customer=three.customer, now=HALF_WAY
        ).change.invoice.total_minor
        == (5900 - 3600) // 2
    )


def test_direction_is_that_of_the_whole(three):
    """One Conservatory costs more than one Grove, and less than three."""
    assert services.preview_change(three, make.price("conservatory"), now=HALF_WAY).direction == "down"


def test_what_was_refunded_is_not_given_back_again(three):
    payment = Payment.objects.get()
    refunds.request(payment.pk, amount=Money(3000, "EUR"), key="goodwill", reason="Goodwill", now=HALF_WAY)
    # Of the 36 paid 6 are left: 3 given back, half of four charged.
    assert quotes.change(three, three.price, quantity=4, now=HALF_WAY).credit.minor == 300
    to(three, 4)
    assert Period.objects.order_by("start")[0].credited_minor == 300


def test_revenue_counts_each(three, gateway):
    make.member(gateway, "grove", now=JOINED, quantity=2)
    # Five times 12.00 with 22 % tax in each membership's amount: 29.51 + 19.67.
    assert [money.minor for money in numbers.mrr(now=HALF_WAY)] == [4918]


def test_the_database_wants_at_least_one(three):
    mine = Subscription.objects.filter(pk=three.pk)
    for columns in ({"quantity": 0}, {"pending_quantity": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            mine.update(**columns)


def test_a_renewal_bills_the_quantity(three):
    collection.collect_due(now=JOINED)
    renewals.bill_due(now=three.current_end)
    assert list(Invoice.objects.filter(reason="renewal").values_list("total_minor", flat=True)) == [3600]
