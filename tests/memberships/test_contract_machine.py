"""Any order of changes, discounts, quantities, refunds and waits: nobody gets back more than they paid, the preview is
the charge, and the periods leave no gap."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from apps.accounts.models import User
from apps.billing import collection, refunds
from apps.billing import gateway as gateways
from apps.billing import rules as billing_rules
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Invoice, InvoiceLine, LedgerEntry, Payment, Refund
from apps.core.money import Money
from apps.memberships import clearing, renewals, services, trials
from apps.memberships.errors import Refused
from apps.memberships.models import Period, Plan, Price, Status, Subscription
from tests.depth import lives
from tests.factories import memberships as make

BEGIN = datetime(2027, 10, 30, 22, 15, 7, tzinfo=UTC)
_numbers = count(1)

MONTHLY = ("month", 1, None)
RHYTHMS = [
    ("week", 1, None),
    MONTHLY,
    ("month", 3, None),
    ("year", 1, None),
    ("month", 1, 4),
]
AMOUNTS = {"grove": 1201, "conservatory": 2399, "estate": 5907}
PERIODS_IN_A_YEAR = {("week", 1): 52, ("month", 1): 12, ("month", 3): 4, ("year", 1): 1}

plans = st.sampled_from(list(AMOUNTS))
# Most people pay monthly, and only changes within one rhythm share a period.
rhythms = st.one_of(st.just(MONTHLY), st.just(MONTHLY), st.sampled_from(RHYTHMS))
quantities = st.integers(1, 3)
discounts = st.sampled_from(
    [
        None,
        {"percent_basis_points": 3333, "duration": "forever"},
        {"percent_basis_points": 5000, "duration": "once"},
        {"amount_minor": 901, "currency": "EUR", "duration": "repeating", "periods": 2},
    ]
)
waits = st.one_of(
    st.integers(0, 12 * 86_400).map(lambda seconds: timedelta(seconds=seconds)),
    st.sampled_from([timedelta(0), timedelta(days=1), timedelta(days=40), timedelta(days=100), timedelta(days=370)]),
)


def stock() -> None:
    """Three plans of which a member may hold three, at every rhythm."""
    make.plans(now=BEGIN - timedelta(days=1))
    Plan.objects.update(max_quantity=3)
    for slug, monthly in AMOUNTS.items():
        for unit, every, term in RHYTHMS:
            amount = monthly * 12 // PERIODS_IN_A_YEAR[unit, every]
            terms = {"interval_unit": unit, "interval_count": every, "term_periods": term}
            make.special_price(slug, version=50, amount_minor=amount, **terms)


class Contract(RuleBasedStateMachine):
    """One member, and everything they can do."""

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint_create()
        self.rehearsal = Rehearsal()
        self.using = gateways.using(self.rehearsal)
        self.using.__enter__()
        self.now = BEGIN

    @initialize(slug=plans, rhythm=rhythms, quantity=quantities, discount=discounts, trial=st.sampled_from([0, 0, 9]))
    def join(self, slug, rhythm, quantity, discount, trial) -> None:
        user = User.objects.create_user(f"machine-{next(_numbers)}@example.com", joined_at=BEGIN)
        promotion = None if discount is None else make.promotion(now=BEGIN, **discount)
        chosen = self.price(slug, rhythm)
        if trial:
            chosen = services.new_price_version(
                chosen, amount_minor=chosen.amount_minor, trial_days=trial, now=self.now
            )
        done = make.join(self.rehearsal, chosen, now=self.now, user=user, promotion=promotion, quantity=quantity)
        self.member = Subscription.objects.get(pk=done.subscription_id)

    def price(self, slug: str, rhythm) -> Price:
        unit, every, term = rhythm
        offered = Price.objects.offered(
            Plan.objects.get(slug=slug), currency="EUR", unit=unit, count=every, term_periods=term, now=self.now
        )
        assert offered is not None
        return offered

    @rule(by=waits)
    def wait(self, by) -> None:
        """Time goes by; the workers come whenever there is something to do."""
        end = self.now + by
        while (due := self.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            trials.announce_due(now=self.now)
            renewals.bill_due(now=self.now)
            clearing.end_due(now=self.now)
            collection.collect_due(now=self.now)
        self.now = end

    def next_due(self) -> datetime | None:
        rows = Subscription.objects.all()
        moments = (trials.next_due(now=self.now), rows.next_bill(), rows.next_end())
        return min((moment for moment in moments if moment is not None), default=None)

    @rule(slug=plans, rhythm=rhythms, quantity=st.none() | quantities)
    def change_plan(self, slug, rhythm, quantity) -> None:
        self.change(self.price(slug, rhythm), quantity)

    @rule(slug=plans, quantity=st.none() | quantities, after=st.integers(1, 9 * 86_400))
    def climb(self, slug, quantity, after) -> None:
        """Another plan in the same rhythm, some time into the period."""
        self.wait(timedelta(seconds=after))
        self.member.refresh_from_db()
        own = self.member.price
        self.change(self.price(slug, (own.interval_unit, own.interval_count, own.term_periods)), quantity)

    @rule(quantity=quantities)
    def change_quantity(self, quantity) -> None:
        self.change(self.member.price, quantity)

    def change(self, price: Price, quantity: int | None) -> None:
        current = Subscription.objects.current_of(self.member.customer)
        if current is None:
            return
        try:
            preview = services.preview_change(current, price, quantity=quantity, now=self.now)
        except Refused:
            preview = None
        try:
            result = services.change_plan(
                current.pk, price.pk, customer=current.customer, quantity=quantity, now=self.now
            )
        except Refused:
            assert preview is None
            return
        assert preview is not None
        if result.change is None:
            assert (result.status, preview.direction, preview.due_now.minor) == ("scheduled", "down", 0)
            return
        assert result.status == "done"
        assert result.change.quote == json.loads(json.dumps(preview.as_json()))
        assert (result.change.invoice.total_minor, result.change.invoice.tax_minor) == (
            preview.due_now.minor,
            preview.tax.minor,
        )

    @rule(slug=plans, rhythm=rhythms, percent=st.integers(10, 400))
    def edit_the_price_list(self, slug, rhythm, percent) -> None:
        """What new members pay is no concern of what this one paid."""
        price = self.price(slug, rhythm)
        services.new_price_version(price, amount_minor=max(1, price.amount_minor * percent // 100), now=self.now)

    @rule(share=st.integers(1, 100))
    def refund(self, share) -> None:
        payment = Payment.objects.succeeded().filter(invoice__customer=self.member.customer).order_by("-pk").first()
        if payment is None:
            return
        left = refunds.refundable(payment).minor
        amount = left * share // 100
        if amount:
            key = f"machine:{next(_numbers)}"
            refunds.request(payment.pk, amount=Money(amount, "EUR"), key=key, reason="Goodwill", now=self.now)

    @rule()
    def cancel(self) -> None:
        self.ask(services.request_cancel)

    @rule()
    def undo(self) -> None:
        self.ask(services.undo_cancel)

    @rule()
    def keep(self) -> None:
        self.ask(services.keep_plan)

    def ask(self, act) -> None:
        try:
            act(self.member.pk, customer=self.member.customer, now=self.now)
        except Refused:
            return

    @invariant()
    def contract_is_whole(self) -> None:
        if not hasattr(self, "member"):
            return
        self.member = Subscription.objects.select_related("price__plan", "customer").get(pk=self.member.pk)
        spans = list(Period.objects.filter(subscription=self.member).order_by("start"))
        assert all(one.end == other.start for one, other in pairwise(spans))
        assert not Subscription.objects.parked().exists()
        if self.member.status == Status.ACTIVE:
            assert spans[-1].end == self.member.current_end
            assert (spans[-1].price_id, self.member.plan_id) == (self.member.price_id, self.member.price.plan_id)
        if self.member.status in (Status.TRIALING, Status.ACTIVE) and not self.member.is_cancelling:
            self.member.refresh_from_db(fields=["pending_price"])
            assert self.member.ends_at == self.member.term_ends_at == self.member.natural_end()

    @invariant()
    def nobody_gets_back_more_than_they_paid(self) -> None:
        if not hasattr(self, "member"):
            return
        lines = InvoiceLine.objects.filter(invoice__customer=self.member.customer)
        for line in lines:
            assert billing_rules.recompute(line.kind, line.inputs) == line.amount_minor
        spans = {span.start: span for span in Period.objects.filter(subscription=self.member)}
        refunded = {
            span.pk: Refund.objects.filter(payment__invoice=span.invoice).counted().total_minor()
            for span in spans.values()
        }
        for line in lines.filter(kind="proration_credit"):
            span = spans[datetime.fromisoformat(line.inputs["span_start"])]
            assert 0 < line.inputs["base_minor"] <= span.gross_minor
            assert 0 <= -line.amount_minor == span.credited_minor <= span.gross_minor
            assert span.invoice.status == Invoice.Status.PAID
        paid = [span for span in spans.values() if span.invoice.status == Invoice.Status.PAID]
        taken = Invoice.objects.paid().filter(customer=self.member.customer).aggregate(sum=Sum("total_minor"))["sum"]
        assert (taken or 0) == sum(span.gross_minor - span.credited_minor for span in paid)
        assert all(refunded[span.pk] <= span.gross_minor for span in paid)
        assert LedgerEntry.objects.aggregate(sum=Sum("amount_minor"))["sum"] in (0, None)

    def teardown(self) -> None:
        self.using.__exit__(None, None, None)
        transaction.savepoint_rollback(self.savepoint)


@pytest.mark.lives
@pytest.mark.django_db
def test_any_contract():
    stock()
    run_state_machine_as_test(
        Contract,
        settings=settings(
            max_examples=lives(12),
            stateful_step_count=15,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
