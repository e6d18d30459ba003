"""Ordering the next parcel now."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.accounts.models import User
from apps.billing import collection
from apps.billing.models import Invoice, TaxRate
from apps.core.money import Money
from apps.memberships import errors, renewals, services
from apps.memberships.gifts import redeeming
from apps.memberships.models import History, Period, Plan, Status, Subscription
from apps.memberships.services import advancing
from tests.factories import accounts, gifts
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
END = datetime(2026, 2, 28, 9, 0, tzinfo=UTC)
NEXT = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)
AFTER = datetime(2026, 4, 30, 8, 0, tzinfo=UTC)
EARLY = JOINED + timedelta(days=5)


@pytest.fixture
def member(gateway) -> Subscription:
    return make.box_subscriber(gateway, now=JOINED)


def order(member: Subscription, *, now: datetime = EARLY, **how) -> Subscription:
    return advancing.renew_early(member.pk, customer=member.customer, now=now, **how)


def spans(member: Subscription) -> list[tuple[int, datetime, datetime]]:
    return list(Period.objects.filter(subscription=member).order_by("start").values_list("number", "start", "end"))


def test_the_next_period_is_billed_now_and_the_periods_stay_where_they_are(member):
    renewed = order(member)
    assert (renewed.current_start, renewed.current_end, renewed.next_bill_at) == (END, NEXT, NEXT)
    assert (renewed.anchor, renewed.period_number, renewed.status) == (JOINED, 1, Status.ACTIVE)
    assert spans(member) == [(0, JOINED, END), (1, END, NEXT)]
    invoice = Invoice.objects.get(reason="renewal")
    assert (invoice.status, invoice.total_minor, invoice.issued_at) == (Invoice.Status.OPEN, 2900, EARLY)
    entry = History.objects.get(kind="early")
    assert (entry.old, entry.new, entry.actor) == (END.isoformat(), NEXT.isoformat(), member.customer.email)

    collection.collect_due(now=EARLY)
    invoice.refresh_from_db()
    assert invoice.status == Invoice.Status.PAID
    # Nothing more on the day on which it would have been billed; then from the same anchor on.
    assert renewals.bill_due(now=END) == 0
    assert renewals.bill_due(now=NEXT) == 1
    assert spans(member)[2:] == [(2, NEXT, AFTER)]


def test_only_one_period_ahead_and_again_once_it_has_begun(member):
    order(member)
    collection.collect_due(now=EARLY)
    with pytest.raises(errors.NothingToChange, match="ordered already"):
        order(member, now=EARLY + timedelta(days=1))
    assert Invoice.objects.count() == 2
    order(member, now=END + timedelta(days=1))
    assert [start for _number, start, _end in spans(member)] == [JOINED, END, NEXT]


def test_what_waits_for_the_next_period_holds_for_the_one_ordered_early(member):
    large = make.box_price("large-box", rank=2, amount_minor=4900)
    services.change_plan(member.pk, large.pk, customer=member.customer, now=JOINED)
    member = Subscription.objects.current_of(member.customer, group=make.BOXES)
    assert advancing.early_total(member, now=EARLY) == Money(4900, "EUR")
    assert order(member).plan.slug == "large-box"
    assert Invoice.objects.get(reason="renewal").total_minor == 4900


def test_a_size_chosen_after_ordering_early_waits_for_the_period_after_it(member):
    order(member)
    collection.collect_due(now=EARLY)
    large = make.box_price("large-box", rank=2, amount_minor=4900)
    later = EARLY + timedelta(hours=2)
    result = services.change_plan(member.pk, large.pk, customer=member.customer, now=later, quoted_at=later)
    assert result.status == "scheduled"
    renewals.bill_due(now=NEXT)
    assert [row.price.plan.slug for row in Period.objects.order_by("start")] == ["small-box", "small-box", "large-box"]


def test_it_costs_what_the_page_said_or_nothing_happens(member):
    with pytest.raises(errors.QuoteChanged):
        order(member, shown=Money(2800, "EUR"))
    assert Invoice.objects.count() == 1
    assert spans(member) == [(0, JOINED, END)]
    order(member, shown=Money(2900, "EUR"))
    assert Invoice.objects.count() == 2


def test_tax_is_that_of_the_day_of_the_charge(gateway):
    net = make.box_price(amount_minor=1000, tax_included=False)
    member = make.box_subscriber(gateway, net, now=JOINED)
    TaxRate.objects.filter(country="IT", category="standard", valid_to=None).update(valid_to=END.date())
    TaxRate.objects.create(country="IT", basis_points=2500, valid_from=END.date())
    assert advancing.early_total(member, now=EARLY) == Money(1220, "EUR")
    order(member, shown=Money(1220, "EUR"))
    period = Period.objects.get(start=END)
    assert (period.gross_minor, period.tax_basis_points) == (1220, 2200)


def prepare(member: Subscription, obstacle: str) -> User:
    customer = member.customer
    match obstacle:
        case "stranger":
            return accounts.customer()
        case "membership":
            Plan.objects.update(sends_goods=False)
        case "pause":
            services.request_pause(member.pk, months=1, customer=customer, now=JOINED)
        case "cancelled":
            services.request_cancel(member.pk, customer=customer, now=JOINED)
        case "parked":
            services.park({member.pk: "Test"}, now=JOINED)
        case "no tax":
            User.objects.filter(pk=customer.pk).update(country="ZZ")
    return customer


@pytest.mark.parametrize(
    ("obstacle", "error"),
    [
        ("stranger", errors.NotOpen),
        ("membership", errors.Refused),
        ("pause", errors.PausePending),
        ("cancelled", errors.CancellationPending),
        ("parked", errors.ChangeInProgress),
        ("no tax", errors.Refused),
        ("due", errors.ChangeInProgress),
    ],
)
def test_refusals_change_nothing(member, obstacle, error):
    customer = prepare(member, obstacle)
    before = Subscription.objects.values().get(pk=member.pk), Invoice.objects.count(), History.objects.count()
    with pytest.raises(error):
        advancing.renew_early(member.pk, customer=customer, now=END if obstacle == "due" else EARLY)
    after = Subscription.objects.values().get(pk=member.pk), Invoice.objects.count(), History.objects.count()
    assert before == after


def test_not_while_the_last_one_is_unpaid(member):
    renewals.bill_due(now=END)
    with pytest.raises(errors.ChangeInProgress, match="still open"):
        order(member, now=END + timedelta(hours=1))
    assert Invoice.objects.count() == 2
    collection.collect_due(now=END)
    order(member, now=END + timedelta(hours=1))
    assert Invoice.objects.count() == 3


def test_the_last_period_of_a_term_has_none_after_it(gateway):
    twice = make.box_price(term_periods=2)
    member = make.box_subscriber(gateway, twice, now=JOINED)
    order(member)
    collection.collect_due(now=EARLY)
    renewals.bill_due(now=END)
    with pytest.raises(errors.NothingToChange, match="nothing comes after"):
        order(member, now=END + timedelta(days=1))


def test_a_gift_cannot_be_ordered_early(gateway):

    make.box_price()
    gift = gifts.bought(gateway, slug="small-box", now=JOINED)
    customer = accounts.customer()
    redeeming.redeem(gift.code, customer=customer, shown="starts", now=JOINED)
    given = Subscription.objects.current_of(customer, group=make.BOXES)
    with pytest.raises(errors.Refused, match="that you pay for"):
        order(given)
