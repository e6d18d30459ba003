"""Any order of ordering early, putting off, skipping, coming back, another size and leaving: the periods never overlap,
each is billed and announced once, and never more than one lies ahead."""

from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from apps.accounts.models import User
from apps.billing import collection
from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Invoice, LedgerEntry
from apps.core.money import Money
from apps.memberships import clearing, pause_rules, renewals, resting, services
from apps.memberships.errors import Refused
from apps.memberships.models import Pause, Period, Status, Subscription
from apps.memberships.services import advancing, pausing
from apps.memberships.signals import periods_paid
from tests.depth import lives
from tests.factories import memberships as make

BEGIN = datetime(2027, 10, 30, 22, 15, 7, tzinfo=UTC)
_numbers = count(1)
SIZES = {"small-box": 2900, "large-box": 4900}
waits = st.one_of(
    st.integers(0, 12 * 86_400).map(lambda seconds: timedelta(seconds=seconds)),
    st.sampled_from([timedelta(0), timedelta(days=31), timedelta(days=95)]),
)


class Box(RuleBasedStateMachine):
    """One subscriber, and everything they can do."""

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint_create()
        self.rehearsal = Rehearsal()
        self.using = gateways.using(self.rehearsal)
        self.using.__enter__()
        self.now = BEGIN
        self.announced: list[int] = []
        periods_paid.connect(self.hear)

    def hear(self, *, period_ids, **kwargs) -> None:
        self.announced += period_ids

    @initialize(slug=st.sampled_from(list(SIZES)), every=st.sampled_from(["week", "month"]))
    def subscribe(self, slug, every) -> None:
        self.every = every
        user = User.objects.create_user(f"box-{next(_numbers)}@example.com", joined_at=BEGIN)
        self.box = make.box_subscriber(self.rehearsal, self.price(slug), now=self.now, user=user)

    def price(self, slug: str):
        rank = list(SIZES).index(slug) + 1
        return make.box_price(slug, rank=rank, amount_minor=SIZES[slug], interval_unit=self.every)

    @rule(by=waits)
    def wait(self, by) -> None:
        """Time goes by; the workers come whenever there is something to do."""
        end = self.now + by
        while (due := self.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            resting.pause_due(now=self.now)
            resting.resume_due(now=self.now)
            renewals.bill_due(now=self.now)
            clearing.end_due(now=self.now)
            collection.collect_due(now=self.now)
        self.now = end
        collection.collect_due(now=self.now)

    def next_due(self) -> datetime | None:
        box = Subscription.objects.get(pk=self.box.pk)
        moments = [box.next_bill_at, box.ends_at, box.pause_at, box.resumes_at]
        return min((moment for moment in moments if moment is not None and box.status != Status.ENDED), default=None)

    @rule()
    def order_now(self) -> None:
        shown = self.shown(advancing.early_total)
        if self.ask(advancing.renew_early):
            assert Invoice.objects.filter(reason="renewal").latest("pk").total == shown

    def shown(self, total) -> Money | None:
        return total(Subscription.objects.select_related("price__plan", "customer").get(pk=self.box.pk), now=self.now)

    @rule(days=st.integers(-3, 100))
    def put_off(self, days) -> None:
        begins_at = Subscription.objects.get(pk=self.box.pk).current_end or self.now
        until = begins_at + timedelta(days=days, minutes=7)
        if self.ask(pausing.request_pause_until, until=until):
            assert 0 < (until - begins_at).total_seconds() <= 93 * 86_400

    @rule()
    def skip(self) -> None:
        self.ask(services.request_pause, months=0)

    @rule()
    def take_back(self) -> None:
        self.ask(services.undo_pause)

    @rule()
    def come_back(self) -> None:
        if self.ask(services.resume):
            renewals.bill_one(self.box.pk, now=self.now)

    @rule(slug=st.sampled_from(list(SIZES)))
    def other_size(self, slug) -> None:
        try:
            result = services.change_plan(
                self.box.pk, self.price(slug).pk, customer=self.box.customer, now=self.now, quoted_at=self.now
            )
        except Refused:
            return
        assert result.status == "scheduled"

    @rule()
    def cancel(self) -> None:
        self.ask(services.request_cancel)

    @rule()
    def undo_cancel(self) -> None:
        self.ask(services.undo_cancel)

    def ask(self, act, **how) -> bool:
        try:
            act(self.box.pk, customer=self.box.customer, now=self.now, **how)
        except Refused:
            return False
        return True

    @invariant()
    def contract_is_whole(self) -> None:
        if not hasattr(self, "box"):
            return
        box = Subscription.objects.get(pk=self.box.pk)
        spans = list(Period.objects.filter(subscription=box).order_by("start"))
        assert box.parked_at is None
        assert all(one.end <= other.start for one, other in pairwise(spans))
        assert sum(span.start > self.now for span in spans) <= 1
        if box.status == Status.ACTIVE and box.current_start == spans[-1].start:
            assert (spans[-1].end, spans[-1].price.plan_id) == (box.current_end, box.plan_id)
        assert Invoice.objects.filter(customer=box.customer).count() == len(spans)

    @invariant()
    def what_is_paid_is_announced_once(self) -> None:
        if not hasattr(self, "box"):
            return
        paid = Period.objects.filter(subscription=self.box, invoice__status=Invoice.Status.PAID)
        assert sorted(self.announced) == sorted(paid.values_list("pk", flat=True))
        assert sum(entry.amount_minor for entry in LedgerEntry.objects.all()) == 0

    @invariant()
    def pauses_keep_to_the_plan(self) -> None:
        for pause in Pause.objects.select_related("subscription__plan"):
            days = pause_rules.days_between(pause.begins_at, pause.resumes_at, pause.subscription.zone)
            assert 0 <= days <= pause.subscription.plan.max_pause_days

    def teardown(self) -> None:
        periods_paid.disconnect(self.hear)
        self.using.__exit__(None, None, None)
        transaction.savepoint_rollback(self.savepoint)


@pytest.mark.lives
@pytest.mark.django_db
def test_any_box():
    run_state_machine_as_test(
        Box,
        settings=settings(
            max_examples=lives(10),
            stateful_step_count=20,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
