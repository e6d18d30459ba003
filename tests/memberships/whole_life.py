"""Two customers of one shop and everything that can happen to them: the rules of a state machine.

What must hold after each step is in `whole_truth`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from itertools import count

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from apps.accounts.models import User
from apps.billing import attempts, collection, corrections, disputes, giving_back, hints, invoices, janitor, refunds
from apps.billing import gateway as gateways
from apps.billing.gateway.port import NeedsAction
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Dispute, Invoice, Payment
from apps.core import sweeps
from apps.core.money import Money
from apps.loyalty import services as loyalty
from apps.memberships import services, signup
from apps.memberships.errors import Refused
from apps.memberships.models import Period, Plan, Price, Subscription
from apps.promotions.models import Promotion
from apps.promotions.services import NotRedeemable
from tests.factories import billing
from tests.factories import memberships as make

from . import whole_truth
from .whole_shop import A_DAY, DISCOUNTS, RHYTHMS, Wish, moments, people, plans, quantities, rhythms, shares, wishes

BEGIN = datetime(2027, 10, 30, 22, 15, 7, tzinfo=UTC)
# Work by the machine's own time, and another world's: the rehearsal of renewals has a database connection of its own.
NOT_HERE = ("billing.prune", "billing.reconcile", "core.prune", "insights.rehearse")
MONEY = ("billing.", "memberships.", "loyalty.")
PASSES = 6
_numbers = count(1)


def later(**drawn):
    """A rule of the machine that happens some time after the step before: the workers did what was due meanwhile."""

    def decorate(act):
        @wraps(act)
        def step(self, after, **what):
            self._live(after)
            act(self, **what)

        return rule(after=moments, **drawn)(step)

    return decorate


class WholeLife(RuleBasedStateMachine):
    """One shop, its workers, a gateway, a bank, and two customers in two countries and currencies."""

    def __init__(self) -> None:
        super().__init__()
        # A plain savepoint: the engine refuses to talk to the gateway inside an atomic block.
        self.savepoint = transaction.savepoint_create()
        self.now = BEGIN
        self.gateway = Rehearsal(clock=lambda: self.now)
        self.world = gateways.using(self.gateway)
        self.world.__enter__()
        number = next(_numbers)
        self.people = [
            User.objects.create_user(f"anna-{number}@example.com", joined_at=BEGIN),
            User.objects.create_user(
                f"ben-{number}@example.com", joined_at=BEGIN, country="DE", time_zone="Europe/Berlin", currency="USD"
            ),
        ]
        self.others = [sweep.name for sweep in sweeps.in_order() if not sweep.name.startswith(MONEY)]
        self.promotions = [terms and make.promotion(now=BEGIN, **terms) for terms in DISCOUNTS]

    def teardown(self) -> None:
        self.world.__exit__(None, None, None)
        transaction.savepoint_rollback(self.savepoint)

    # Time.

    @later()
    def wait(self) -> None:
        """Nobody does anything."""

    def _live(self, by: timedelta) -> None:
        """Time goes by. The workers bill, collect and end what is due when it is due, and write and offer at last."""
        until = self.now + by
        while True:
            self._work()
            if self.now >= until:
                break
            self.now = min(self._next_event(until), until)
        sweeps.run_due(now=self.now, without=NOT_HERE)

    def _work(self) -> None:
        for _pass in range(PASSES):
            if not any(sweeps.run_due(now=self.now, without=[*NOT_HERE, *self.others]).values()):
                return

    def _next_event(self, until: datetime) -> datetime:
        """The next instant at which a worker has something to do; a day later where one waits for somebody else."""
        dues = [sweep.next_due(now=self.now) for sweep in sweeps.in_order() if sweep.name.startswith(MONEY)]
        known = [due for due in dues if due is not None]
        longest = self.now + A_DAY if any(due <= self.now for due in known) else until
        return min([longest, *(due for due in known if due > self.now)])

    # Joining and leaving.

    @initialize(anna=wishes, ben=wishes)
    def begin(self, anna: Wish, ben: Wish) -> None:
        for who, wish in enumerate([anna, ben]):
            self.subscribe(who, wish)

    @later(who=people, wish=wishes)
    def join(self, who: int, wish: Wish) -> None:
        self.subscribe(who, wish)

    def subscribe(self, who: int, wish: Wish) -> None:
        user, (slug, rhythm, quantity, discount, card) = self.people[who], wish
        with suppress(Refused, NotRedeemable):
            if slug == "seedling":
                services.join_free(user, Plan.objects.get(slug=slug), now=self.now)
                return
            self._join(user, self._price(user, slug, rhythm), quantity, self.promotions[discount], card)

    def _join(self, user: User, price: Price, quantity: int, promotion: Promotion | None, card: tuple) -> None:
        begun, setup_id = make.begin(
            self.gateway,
            price,
            now=self.now,
            user=user,
            script=card,
            promotion=promotion,
            quantity=quantity,
            fingerprint=f"card-{next(_numbers)}",
        )
        done = signup.complete(begun.token, user=user, setup_id=setup_id, now=self.now)
        paid = Invoice.objects.paid().filter(periods__subscription=done.subscription_id).first()
        assert paid is None or paid.total_minor == done.quote["total_minor"]

    @later(who=people, undone=st.booleans())
    def cancel(self, who: int, undone: bool) -> None:
        self._ask(who, services.request_cancel)
        if undone:
            self._ask(who, services.undo_cancel)

    @later(who=people)
    def undo(self, who: int) -> None:
        self._ask(who, services.undo_cancel)

    # The contract.

    @later(who=people, slug=plans, rhythm=rhythms, quantity=st.none() | quantities)
    def change(self, who: int, slug: str, rhythm: str, quantity: int | None) -> None:
        self._change(who, self._price(self.people[who], slug, rhythm), quantity)

    @later(who=people, slug=plans, quantity=quantities)
    def climb(self, who: int, slug: str, quantity: int) -> None:
        """Another plan in the same rhythm."""
        member = Subscription.objects.current_of(self.people[who])
        if member is not None:
            own = member.price
            chosen = Price.objects.filter(
                plan__slug=slug, currency=own.currency, interval_unit=own.interval_unit, term_periods=own.term_periods
            )
            self._change(who, chosen.order_by("-version").first() or own, quantity)

    def _change(self, who: int, price: Price, quantity: int | None) -> None:
        member = Subscription.objects.current_of(self.people[who])
        if member is None:
            return
        with suppress(Refused):
            preview = services.preview_change(member, price, quantity=quantity, now=self.now)
            assert 0 <= preview.credit.minor <= self._paid_for_the_present(member)
            result = services.change_plan(
                member.pk, price.pk, customer=member.customer, quantity=quantity, now=self.now
            )
            due = result.change.invoice.total_minor if result.change else 0
            assert due == preview.due_now.minor

    @later(who=people)
    def keep(self, who: int) -> None:
        self._ask(who, services.keep_plan)

    @later(who=people, months=st.integers(0, 3))
    def pause(self, who: int, months: int) -> None:
        self._ask(who, services.request_pause, months=months)

    @later(who=people, early=st.booleans())
    def come_back(self, who: int, early: bool) -> None:
        self._ask(who, services.undo_pause if early else services.resume)

    # Money.

    @later(who=people, which=st.integers(0, 9), share=shares)
    def refund(self, who: int, which: int, share: int) -> None:
        """Staff send a part of one of the payments back."""
        payment = self._payment(who, which)
        amount = refunds.payable_back(payment).minor * share // 100 if payment else 0
        if payment and amount:
            money = Money(amount, payment.currency)
            refunds.request(payment.pk, amount=money, key=str(next(_numbers)), reason="Goodwill", now=self.now)

    @later(who=people, which=st.integers(0, 9), share=shares)
    def credit(self, who: int, which: int, share: int) -> None:
        """Staff turn a part of one of the paid invoices into the customer's credit."""
        payment = self._payment(who, which)
        invoice = payment and payment.invoice
        amount = corrections.creditable(invoice).minor * share // 100 if invoice else 0
        if invoice and amount:
            money = Money(amount, invoice.currency)
            with suppress(corrections.CannotCredit):
                corrections.to_credit(
                    invoice.pk, amount=money, key=str(next(_numbers)), reason="Goodwill", now=self.now
                )

    @later(who=people)
    def pay_with_another_card(self, who: int) -> None:
        invoice = Invoice.objects.open().filter(customer=self.people[who]).order_by("pk").first()
        if invoice is None:
            return
        card = billing.add_card(self.gateway, self.people[who], now=self.now)
        with suppress(collection.NothingToPay, collection.PaymentInFlight, attempts.RetryRefused):
            collection.retry_with_card(invoice.pk, card_id=card.pk, on_session=True, now=self.now)

    @later()
    def confirm(self) -> None:
        """Whoever is asked by the bank says yes."""
        for payment in Payment.objects.filter(status="needs_action"):
            intent = self.gateway._intents[payment.gateway_id]
            if isinstance(intent.result, NeedsAction):
                self.gateway.confirm(payment.gateway_id)
            janitor.check(payment.pk, now=self.now)

    @later(who=people)
    def withdraw(self, who: int) -> None:
        """Staff void an invoice that is not paid."""
        invoice = Invoice.objects.open().filter(customer=self.people[who]).order_by("-pk").first()
        if invoice is not None:
            with suppress(invoices.CannotVoid):
                invoices.void(invoice.pk, reason="By mistake", now=self.now)

    @later(who=people, which=st.integers(0, 9))
    def dispute(self, who: int, which: int) -> None:
        """The customer goes to their bank about a charge of which nothing went back yet."""
        payment = self._payment(who, which)
        if payment and not payment.refunds.exists() and not payment.disputes.exists():
            opened = self.gateway.open_dispute(payment.gateway_id)
            hints.dispute_moved(dispute_id=opened.id, intent_id=payment.gateway_id, now=self.now)
            disputes.ask_due(now=self.now)

    @later(won=st.booleans())
    def decide(self, won: bool) -> None:
        """The bank decides, and the event reaches the shop."""
        for row in Dispute.objects.exclude(status__in=["won", "lost"]):
            self.gateway.decide_dispute(row.gateway_id, won=won)
            hints.dispute_moved(dispute_id=row.gateway_id, intent_id=row.intent_id, now=self.now)
        disputes.ask_due(now=self.now)

    # Points.

    @later(who=people, points=st.integers(-300, 900).filter(bool))
    def adjust_points(self, who: int, points: int) -> None:
        """Staff give points, or take some back."""
        with suppress(loyalty.NotEnoughPoints):
            loyalty.adjust(self.people[who].pk, points=points, key=f"gift-{next(_numbers)}", reason="", now=self.now)

    @later(who=people, points=st.integers(1, 2_000))
    def spend_points(self, who: int, points: int) -> None:
        with suppress(loyalty.NotEnoughPoints):
            services.redeem_points(self.people[who], points=points, key=f"spend-{next(_numbers)}", now=self.now)

    # What must hold.

    @invariant()
    def all_is_true(self) -> None:
        whole_truth.check(self.gateway, now=self.now)

    def _ask(self, who: int, act, **what) -> None:
        member = Subscription.objects.current_of(self.people[who])
        if member is not None:
            with suppress(Refused):
                act(member.pk, customer=member.customer, now=self.now, **what)

    def _paid_for_the_present(self, member: Subscription) -> int:
        """What came in for the present span and neither went back nor is held by a bank."""
        span = Period.objects.latest_of(member)
        if span is None or span.invoice is None or span.invoice.status != Invoice.Status.PAID:
            return 0
        credited = span.invoice.credit_notes.all().total_minor()
        return max(0, span.gross_minor - credited - giving_back.held_by_bank(span.invoice).minor)

    def _price(self, user: User, slug: str, rhythm: str) -> Price:
        unit, every, term = RHYTHMS["month" if slug == "seedling" else rhythm]
        offered = Price.objects.offered(
            Plan.objects.get(slug=slug), currency=user.currency, unit=unit, count=every, term_periods=term, now=self.now
        )
        assert offered is not None
        return offered

    def _payment(self, who: int, which: int) -> Payment | None:
        """One of the payments that paid an invoice of the customer, counted from the newest."""
        paid = Payment.objects.succeeded().filter(surplus=False, invoice__customer=self.people[who])
        rows = list(paid.select_related("invoice").order_by("-pk"))
        return rows[which % len(rows)] if rows else None
