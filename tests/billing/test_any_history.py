"""Whatever happens to an invoice, in any order: charged at most once, the books balance, and no money is kept
unowed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.billing import charging, collection, dunning, invoices, janitor, lifecycle, refunds
from apps.billing import gateway as gateways
from apps.billing.gateway import behaviours as cards
from apps.billing.gateway.port import NeedsAction, Throttled, Unknown
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Invoice, LedgerEntry, Payment, Refund
from apps.core import sweeps
from apps.core.money import Money
from tests.depth import lives
from tests.factories import billing

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
MANY = 100
SWEEPS = ["billing.collect", "billing.janitor", "billing.refund", "billing.dunning"]
MOODS = ["fine", "soft", "hard", "bank", "lost before", "lost after", "busy"]
RULES = {
    "soft": cards.decline("insufficient_funds"),
    "hard": cards.decline("stolen_card", hard=True),
    "bank": cards.authenticate(),
}
EVENTS = st.one_of(
    st.tuples(st.just("collect"), st.sampled_from(MOODS)),
    st.tuples(st.just("kill"), st.sampled_from(MOODS)),
    st.tuples(st.just("pay with another card"), st.sampled_from(MOODS)),
    st.tuples(st.sampled_from(["janitor", "dun", "confirm", "void", "answer late", "refund"]), st.just("")),
    st.tuples(st.just("wait"), st.sampled_from([15, 70, 3_600, 86_400, 3 * 86_400])),
)


class Moody(Rehearsal):
    """A gateway that answers new charges by its mood, and remembers them as a gateway does."""

    mood = "fine"

    def charge(self, request):
        if request.payment_key in self._payment_keys:
            return super().charge(request)
        if self.mood == "busy":
            return Throttled("busy")
        if self.mood == "lost before":
            return Unknown("timeout")
        intent = self._record(request, RULES.get(self.mood))
        return Unknown("timeout") if self.mood == "lost after" else intent.result

    def taken(self) -> int:
        """Minor units taken and not given back."""
        intents = {intent["id"]: intent["amount"] for intent in self.export()["payment_intents"]}
        return sum(amount - self._intents[name].refunded for name, amount in intents.items())


class Story:
    """One invoice and what happens to it."""

    def __init__(self, gateway: Moody) -> None:
        self.gateway, self.now = gateway, START
        self.user = billing.payer(gateway, now=START)
        self.invoice = billing.invoice(self.user, now=START)
        self.held: list[tuple[int, object]] = []

    def happen(self, event: str, detail) -> None:
        if event in {"collect", "kill", "pay with another card"}:
            self.gateway.mood = detail
        getattr(self, event.replace(" ", "_"))(detail)
        self.gateway.mood = "fine"

    def collect(self, _mood) -> None:
        collection.collect_due(now=self.now)

    def kill(self, _mood) -> None:
        """A worker that charged, and whose answer comes late or never."""
        for payment in lifecycle.claim(now=self.now, limit=1):
            self.held.append((payment.pk, charging.charge(self.gateway, payment, deadline=float("inf"))))

    def answer_late(self, _detail) -> None:
        while self.held:
            lifecycle.settle(*self.held.pop(), now=self.now)

    def pay_with_another_card(self, _mood) -> None:
        card = billing.add_card(self.gateway, self.user, now=self.now)
        try:
            collection.retry_with_card(self.invoice.pk, card_id=card.pk, on_session=True, now=self.now)
        except (collection.NothingToPay, collection.PaymentInFlight):
            return

    def janitor(self, _detail) -> None:
        janitor.check_due(now=self.now)

    def dun(self, _detail) -> None:
        dunning.advance_due(now=self.now)

    def confirm(self, _detail) -> None:
        for intent in list(self.gateway._intents.values()):
            if isinstance(intent.result, NeedsAction):
                self.gateway.confirm(intent.id)

    def void(self, _detail) -> None:
        if Invoice.objects.get().status == Invoice.Status.OPEN:
            invoices.void(self.invoice.pk, reason="left", now=self.now)

    def refund(self, _detail) -> None:
        refunds.carry_out_due(now=self.now)

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def come_to_rest(self) -> None:
        """The workers go on, from one due instant to the next, until nothing is due any more."""
        for _ in range(MANY):
            for sweep in SWEEPS:
                sweeps.get(sweep).run(now=self.now)
            due = [sweeps.get(sweep).next_due(now=self.now) for sweep in SWEEPS]
            if not any(due):
                return
            self.now = max(self.now, min(moment for moment in due if moment))
        raise AssertionError("The workers never came to rest")


def nothing_is_wrong() -> None:
    assert Payment.objects.succeeded().filter(surplus=False).count() <= 1
    assert Payment.objects.open().count() <= 1
    assert sum(LedgerEntry.objects.balances().values()) == 0
    paid = Payment.objects.succeeded().filter(surplus=False).exists()
    assert (Invoice.objects.get().status == Invoice.Status.PAID) == paid


@pytest.mark.lives
@given(events=st.lists(EVENTS, min_size=1, max_size=10))
@settings(max_examples=lives(15))
def test_any_history_ends_with_the_money_where_it_belongs(events):
    with transaction.atomic(), gateways.using(Moody()) as gateway:
        story = Story(gateway)
        for event, detail in events:
            story.happen(event, detail)
            nothing_is_wrong()
        story.come_to_rest()
        nothing_is_wrong()

        invoice = Invoice.objects.get()
        kept = 2900 if invoice.status == Invoice.Status.PAID else 0
        assert gateway.taken() == kept
        assert LedgerEntry.objects.balances().get(("cash", "EUR"), 0) == kept
        assert LedgerEntry.objects.balances().get(("refunds_clearing", "EUR"), 0) == 0
        assert not Payment.objects.undecided().exists()
        assert not Refund.objects.exclude(status__in=["succeeded", "failed"]).exists()
        for payment in Payment.objects.succeeded().filter(surplus=True):
            assert refunds.refundable(payment) == Money(0, "EUR")
        transaction.set_rollback(True)
