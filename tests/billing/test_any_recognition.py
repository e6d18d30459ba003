"""Whatever happens to invoices, in any order and at any time: what is deferred is on the schedules, and none stays."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.billing import collection, corrections, invoices, lifecycle, recognition, refunds
from apps.billing import gateway as gateways
from apps.billing.gateway.port import Refunded, RefundFailed
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Account, Invoice, LedgerEntry, Payment, Refund, RevenueSchedule
from apps.core.money import Money
from tests.depth import lives
from tests.factories import billing

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
DEFERRED = {"account": Account.REVENUE_DEFERRED, "currency": "EUR"}

spans = st.tuples(st.integers(-40, 40), st.integers(1, 400))
charges = st.tuples(st.just("plan"), st.integers(1, 50_000), spans)
reductions = st.tuples(st.sampled_from(["discount", "proration_credit"]), st.integers(-4_000, -1), spans)
goods = st.tuples(st.just("goods"), st.integers(1, 5_000), st.none())
sales = st.tuples(st.just("issue"), st.lists(st.one_of(charges, reductions, goods), min_size=1, max_size=4))
events = st.one_of(
    sales,
    st.tuples(st.sampled_from(["refund", "credit"]), st.integers(1, 10_000)),
    st.tuples(st.sampled_from(["pay", "settle", "bounce", "void", "recognise"]), st.none()),
    st.tuples(st.just("give up"), st.sampled_from(["end", "write_off", "leave_open"])),
    st.tuples(st.just("wait"), st.integers(1, 90)),
)


class Story:
    """Some invoices and what happens to the newest ones."""

    def __init__(self, gateway: Rehearsal) -> None:
        self.now, self.count = START, 0
        self.user = billing.payer(gateway, now=START)

    def happen(self, event: str, detail) -> None:
        getattr(self, event.replace(" ", "_"))(detail)

    def issue(self, lines) -> None:
        drafts = [self._line(*line) for line in lines]
        if sum(line.amount_minor for line in drafts) >= 0:
            invoices.issue([billing.draft(self.user, now=self.now, lines=drafts)], now=self.now)

    def _line(self, kind: str, amount: int, span):
        if span is None:
            return billing.plan_line(amount, start=self.now, kind=kind, period_start=None, period_end=None)
        start = self.now + timedelta(days=span[0])
        return billing.plan_line(amount, start=start, kind=kind, period_end=start + timedelta(days=span[1]))

    def pay(self, _detail) -> None:
        collection.collect_due(now=self.now)

    def refund(self, share: int) -> None:
        """A part of the newest payment, in basis points of what is left."""
        payment = Payment.objects.succeeded().order_by("-pk").first()
        left = refunds.payable_back(payment).minor if payment else 0
        if left:
            self.count += 1
            money = Money(max(1, left * share // 10_000), "EUR")
            refunds.request(payment.pk, amount=money, key=str(self.count), reason="", now=self.now)

    def credit(self, share: int) -> None:
        """A part of the newest paid invoice, in basis points of what is left, becomes the customer's credit."""
        invoice = Invoice.objects.paid().order_by("-pk").first()
        left = corrections.creditable(invoice).minor if invoice else 0
        if left:
            self.count += 1
            money = Money(max(1, left * share // 10_000), "EUR")
            corrections.to_credit(invoice.pk, amount=money, key=str(self.count), reason="", now=self.now)

    def settle(self, _detail) -> None:
        for refund in lifecycle.claim_refunds(now=self.now, limit=1):
            lifecycle.settle_refund(refund.pk, Refunded(f"re_{refund.pk}"), now=self.now)

    def bounce(self, _detail) -> None:
        """A refund that was on its way, or arrived, comes back."""
        lifecycle.claim_refunds(now=self.now, limit=1)
        refund = Refund.objects.filter(status__in=["processing", "succeeded"]).order_by("-pk").first()
        if refund:
            lifecycle.settle_refund(refund.pk, RefundFailed("expired_card"), now=self.now)

    def void(self, _detail) -> None:
        invoice = self._open()
        if invoice:
            invoices.void(invoice.pk, reason="left", now=self.now)

    def give_up(self, action: str) -> None:
        """The newest open invoice is written off; its charge, if it is still to come, is not made."""
        invoice = self._open()
        if invoice:
            lifecycle.give_up(invoice, action=action, now=self.now)

    def _open(self) -> Invoice | None:
        return Invoice.objects.open().select_for_update(of=("self",)).select_related("customer").order_by("-pk").first()

    def recognise(self, _detail) -> None:
        recognition.recognise_due(now=self.now)

    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)


def deferred() -> int:
    return -LedgerEntry.objects.balances().get((Account.REVENUE_DEFERRED, "EUR"), 0)


def nothing_is_wrong() -> None:
    assert sum(LedgerEntry.objects.balances().values()) == 0
    assert deferred() == sum(row.left_minor for row in RevenueSchedule.objects.all())
    for row in RevenueSchedule.objects.all():
        posted = LedgerEntry.objects.filter(key__startswith=f"revenue:{row.pk}:", **DEFERRED)
        recognised = posted.aggregate(sum=Sum("amount_minor"))["sum"] or 0
        assert row.recognised_minor == (0 if row.line.invoice.status == Invoice.Status.VOID else recognised)


@pytest.mark.lives
@given(story=st.lists(events, min_size=1, max_size=14))
@settings(max_examples=lives(60))
def test_in_the_end_nothing_is_deferred(story):
    with transaction.atomic(), gateways.using(Rehearsal()) as gateway:
        life = Story(gateway)
        for event, detail in story:
            life.happen(event, detail)
            nothing_is_wrong()
        life.now += timedelta(days=900)
        recognition.recognise_due(now=life.now)
        nothing_is_wrong()
        assert deferred() == 0
        assert not RevenueSchedule.objects.exclude(next_at=None).exists()
        for invoice in Invoice.objects.filter(status__in=["open", "paid"]):
            assert sum(row.recognised_minor + row.released_minor for row in invoice.schedules.all()) == sum(
                line.net_minor for line in invoice.lines.all() if line.period_start
            )
        transaction.set_rollback(True)
