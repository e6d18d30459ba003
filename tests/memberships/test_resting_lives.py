"""Any life with pauses: no period is billed twice, none overlap, nothing is billed while paused, limits are kept."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from apps.accounts.models import User
from apps.billing import collection, dunning, janitor
from apps.billing import gateway as gateways
from apps.billing.gateway.behaviours import decline
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Invoice, LedgerEntry
from apps.core import sweeps
from apps.memberships import lifecycle, pause_rules, services
from apps.memberships.errors import Refused
from apps.memberships.models import History, Pause, Period, Status, Subscription
from apps.memberships.models.pauses import YEAR
from tests.depth import lives
from tests.factories import memberships as make

BEGIN = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
OURS = ("pause", "resume", "bill", "remind", "end", "abandon")
orders = st.permutations(OURS)
rests = st.sampled_from([1, 24, 14 * 24, 29 * 24, 32 * 24, 62 * 24])


class RestingLife(RuleBasedStateMachine):
    """One member who pauses, skips, comes back, leaves and changes their mind, at any time."""

    def __init__(self):
        super().__init__()
        self.before = transaction.savepoint_create()
        self.world = gateways.using(Rehearsal())
        gateway = self.world.__enter__()
        self.now = BEGIN
        user = User.objects.create_user("resting@example.com", joined_at=BEGIN)
        script = (decline("insufficient_funds", first=3, times=1),)
        self.member = make.member(gateway, now=BEGIN, user=user, script=script)

    def teardown(self):
        self.world.__exit__(None, None, None)
        transaction.savepoint_rollback(self.before)

    def do(self, act, **what) -> None:
        try:
            act(self.member.pk, customer=self.member.customer, now=self.now, **what)
        except Refused:
            return

    def sleep(self, hours: int, order) -> None:
        """Nobody works for so long, then the workers come, in whatever order."""
        self.now += timedelta(hours=hours)
        self.work(order)

    @rule(months=st.integers(0, 4), hours=rests, order=orders)
    def pause_and_wait(self, months, hours, order):
        self.do(services.request_pause, months=months)
        self.sleep(hours, order)

    @rule(months=st.integers(0, 1), weeks=st.integers(5, 10), order=orders)
    def pause_and_see_the_workers_every_week(self, months, weeks, order):
        self.do(services.request_pause, months=months)
        for _week in range(weeks):
            self.sleep(7 * 24, order)

    @rule(hours=rests, order=orders)
    def wait(self, hours, order):
        self.sleep(hours, order)

    @rule()
    def take_back(self):
        self.do(services.undo_pause)

    @rule(hours=rests, order=orders)
    def resume_and_wait(self, hours, order):
        self.do(services.resume)
        self.sleep(hours, order)

    @rule(hours=st.sampled_from([0, 24, 800]), order=orders)
    def cancel_and_regret(self, hours, order):
        """A regret may come too late: then the membership has ended."""
        self.do(services.request_cancel)
        self.sleep(hours, order)
        self.do(services.undo_cancel)

    def work(self, order):
        for name in order:
            sweeps.run(f"memberships.{name}", now=self.now)
        collection.collect_due(now=self.now)
        janitor.check_due(now=self.now)
        dunning.advance_due(now=self.now)

    @invariant()
    def each_period_is_billed_once_and_none_overlap(self):
        spans = list(Period.objects.filter(subscription=self.member).order_by("start"))
        assert all(one.end <= other.start for one, other in pairwise(spans))
        invoices = [span.invoice_id for span in spans]
        assert len(set(invoices)) == len(invoices) == Invoice.objects.filter(customer=self.member.customer).count()

    @invariant()
    def gaps_are_the_pauses_and_nothing_else(self):
        spans = list(Period.objects.filter(subscription=self.member).order_by("start"))
        gaps = [(one.end, other.start) for one, other in pairwise(spans) if one.end != other.start]
        rests = list(Pause.objects.filter(outcome="resumed").order_by("begun_at").values_list("begun_at", "closed_at"))
        # The last one may have ended with a period that is not billed yet; one may have ended as it began.
        assert [rest for rest in rests if rest[0] != rest[1]][: len(gaps)] == gaps

    @invariant()
    def the_period_is_the_one_that_the_anchor_says(self):
        self.member.refresh_from_db()
        last = Period.objects.latest_of(self.member)
        if self.member.status in (Status.ACTIVE, Status.PAST_DUE) and last.end == self.member.current_end:
            period = self.member.current_period()
            assert (last.number, last.start, last.end) == (period.number, period.start, period.end)

    @invariant()
    def limits_are_kept(self):
        pauses = [row for row in Pause.objects.order_by("begins_at") if row.begun_at or not row.closed_at]
        plan = self.member.plan
        for pause in pauses:
            days = pause_rules.days_between(pause.begins_at, pause.resumes_at, self.member.zone)
            assert days <= plan.max_pause_days
            year = [row for row in pauses if pause.begins_at - YEAR < row.begins_at <= pause.begins_at]
            assert len(year) <= plan.pauses_per_year

    @invariant()
    def the_contract_and_the_books_are_in_order(self):
        self.member.refresh_from_db()
        if self.member.status == Status.PAUSED:
            assert not Invoice.objects.open().filter(customer=self.member.customer).exists()
            assert not Subscription.objects.open_at(self.now).exists()
        moves = list(
            History.objects.filter(subscription=self.member, kind="status").order_by("pk").values_list("old", "new")
        )
        assert all(one[1] == other[0] for one, other in pairwise(moves))
        assert all(new in lifecycle.ARROWS[Status(old)] for old, new in moves)
        assert moves[-1][1] == self.member.status
        planned = Pause.objects.open().exists()
        assert planned == (self.member.resumes_at is not None)
        assert not Subscription.objects.parked().exists()
        assert LedgerEntry.objects.aggregate(sum=Sum("amount_minor"))["sum"] == 0


@pytest.mark.lives
@pytest.mark.django_db
def test_any_life_with_pauses():
    run_state_machine_as_test(
        RestingLife,
        settings=settings(max_examples=lives(8), stateful_step_count=10, suppress_health_check=list(HealthCheck)),
    )
