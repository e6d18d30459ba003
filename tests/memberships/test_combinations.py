"""Two terms of a membership at once: each is tested alone elsewhere, here what they make of each other."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import collection
from apps.billing.models import Invoice, InvoiceLine, LedgerEntry
from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships import errors, quotes, services
from apps.memberships.models import Outcome, Pause, Period, PriceChange, Status, Subscription
from apps.memberships.services import promises
from tests.factories import memberships as make
from tests.factories import promises as promised
from tests.factories.promises import DAY, WORDS

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
MAY, JUNE, JULY, AUGUST, SEPTEMBER = (datetime(2026, month, 1, 10, 0, tzinfo=UTC) for month in range(5, 10))


def join(gateway, price, *, now=JOINED, **how) -> Subscription:
    return Subscription.objects.current_of(make.join(gateway, price, now=now, **how).customer)


def work(now: datetime) -> None:
    """What the workers do in one pass."""
    for name in ("trials", "pause", "resume", "bill", "remind", "end"):
        sweeps.run(f"memberships.{name}", now=now)
    collection.collect_due(now=now)


def ask(act, member: Subscription, *, now: datetime, **what) -> Subscription:
    act(member.pk, customer=member.customer, now=now, **what)
    member.refresh_from_db()
    return member


def spans(member: Subscription) -> list[tuple[datetime, datetime]]:
    return list(Period.objects.filter(subscription=member).order_by("start").values_list("start", "end"))


def lines(invoice: Invoice) -> list[tuple]:
    return list(invoice.lines.order_by("position").values_list("quantity", "amount_minor", "net_minor", "tax_minor"))


def totals() -> list[int]:
    return list(Invoice.objects.order_by("serial").values_list("total_minor", flat=True))


class TestTrialAndPause:
    """A trial of thirty days that ends on 1 May."""

    @pytest.fixture
    def trial(self, gateway) -> Subscription:
        return join(gateway, make.special_price(trial_days=30), fingerprint="anna")

    @pytest.mark.parametrize("months", [0, 2])
    def test_a_running_trial_is_not_paused(self, trial, months):
        with pytest.raises(errors.CannotPause, match="trial is running"):
            ask(services.request_pause, trial, now=MAY - DAY, months=months)
        trial.refresh_from_db()
        assert (trial.status, trial.pause_at, trial.next_bill_at) == (Status.TRIALING, None, MAY)
        assert not Pause.objects.exists()

    def test_after_it_the_pause_follows_the_first_paid_period(self, trial):
        for moment in (MAY - 8 * DAY, MAY):
            work(moment)
        ask(services.request_pause, trial, now=MAY, months=2)
        assert (trial.pause_at, trial.resumes_at) == (JUNE, AUGUST)
        for moment in (JUNE, JULY, AUGUST):
            work(moment)
        trial.refresh_from_db()
        assert (trial.status, trial.anchor) == (Status.ACTIVE, AUGUST)
        assert spans(trial) == [(MAY, JUNE), (AUGUST, SEPTEMBER)]
        assert totals() == [1200, 1200]

    def test_a_skipped_period_keeps_the_days_of_the_trials_end(self, trial):
        for moment in (MAY - 8 * DAY, MAY):
            work(moment)
        ask(services.request_pause, trial, now=MAY + DAY, months=0)
        for moment in (JUNE, JULY):
            work(moment)
        trial.refresh_from_db()
        assert (trial.status, trial.anchor, trial.period_number) == (Status.ACTIVE, MAY, 2)
        assert spans(trial) == [(MAY, JUNE), (JULY, AUGUST)]


class TestTermAndPause:
    """Six months of Grove that end on 1 October."""

    END = datetime(2026, 10, 1, 10, 0, tzinfo=UTC)

    @pytest.fixture
    def term(self, gateway) -> Subscription:
        return join(gateway, make.special_price(amount_minor=1300, term_periods=6))

    @pytest.mark.parametrize("months", [0, 2])
    def test_a_term_is_not_paused(self, term, months):
        with pytest.raises(errors.CannotPause, match="ends by itself"):
            ask(services.request_pause, term, now=JOINED + DAY, months=months)
        term.refresh_from_db()
        assert (term.pause_at, term.ends_at, term.next_bill_at) == (None, self.END, MAY)
        assert not Pause.objects.exists()

    def test_a_term_that_waits_for_the_end_of_a_pause_counts_from_there(self, gateway):
        member = make.member(gateway, "estate", now=JOINED)
        ask(services.change_plan, member, now=JOINED + DAY, price_id=make.special_price(term_periods=6).pk)
        ask(services.request_pause, member, now=JOINED + 2 * DAY, months=2)
        assert (member.pause_at, member.resumes_at, member.ends_at) == (MAY, JULY, None)
        for moment in (MAY, JULY):
            work(moment)
        member.refresh_from_db()
        end = datetime(2027, 1, 1, 11, 0, tzinfo=UTC)  # six months on, in winter time
        assert (member.plan.slug, member.anchor, member.ends_at, member.term_ends_at) == ("grove", JULY, end, end)
        assert spans(member) == [(JOINED, MAY), (JULY, AUGUST)]

    def test_a_term_does_not_come_back_beneath_a_planned_pause(self, term):
        """Going on after the term made the pause possible: it is taken back first."""
        ask(services.change_plan, term, now=JOINED + DAY, price_id=make.price("grove").pk)
        ask(services.request_pause, term, now=JOINED + 2 * DAY, months=2)
        with pytest.raises(errors.PausePending, match="Take it back"):
            ask(services.keep_plan, term, now=JOINED + 3 * DAY)
        # Nor by a way round: whoever leaves, keeps the plan and comes back.
        ask(services.request_cancel, term, now=JOINED + 3 * DAY)
        with pytest.raises(errors.PausePending):
            ask(services.keep_plan, term, now=JOINED + 3 * DAY)
        ask(services.undo_cancel, term, now=JOINED + 3 * DAY)
        assert (term.ends_at, term.pause_at, term.has_pending_change) == (None, MAY, True)

        ask(services.undo_pause, term, now=JOINED + 3 * DAY)
        ask(services.keep_plan, term, now=JOINED + 3 * DAY)
        assert (term.ends_at, term.term_ends_at, term.has_pending_change) == (self.END, self.END, False)
        work(MAY)
        assert spans(term) == [(JOINED, MAY), (MAY, JUNE)]

    def test_nor_beneath_a_running_one(self, gateway):
        term = join(gateway, make.special_price(amount_minor=1300, term_periods=6))
        ask(services.change_plan, term, now=JOINED + DAY, price_id=make.price("grove").pk)
        ask(services.request_pause, term, now=JOINED + 2 * DAY, months=2)
        work(MAY)
        with pytest.raises(errors.PausePending, match="is paused"):
            ask(services.keep_plan, term, now=MAY + DAY)
        work(JULY)
        term.refresh_from_db()
        assert (term.status, term.anchor, term.ends_at, term.price.amount_minor) == (Status.ACTIVE, JULY, None, 1200)


class TestQuantityAndPricePromise:
    """Three boxes of Grove at 12.00 each, and a change to 15.00 from 1 June on."""

    @pytest.fixture
    def three(self, gateway) -> Subscription:
        make.several("grove", most=5)
        return make.member(gateway, now=JOINED, quantity=3)

    def plan(self, now: datetime = JOINED + DAY):
        return promised.planned(promised.grove(), 1500, now=now, effective_at=MAY + 20 * DAY, notice_days=[20, 10])

    def test_the_notice_and_the_charge_speak_of_all_of_them(self, three):
        self.plan()
        promise = promised.of(three)
        assert promise.applies_from == JUNE
        assert [str(sum) for sum in (promise.old_total, promise.new_total, promise.difference)] == [
            "€36.00", "€45.00", "€9.00",
        ]  # fmt: skip
        promised.work(at=MAY)
        promised.notify(three)
        letter = Message.objects.filter(kind="price-change-notice").first().text
        assert "You pay now, tax included: €36.00" in letter
        assert "New price, tax included: €45.00" in letter
        promises.agree(promise.pk, now=JUNE - DAY, **WORDS)
        promised.work(at=JUNE)
        assert totals() == [3600, 3600, 4500]
        assert promised.of(three).outcome == Outcome.MOVED

    def test_fewer_from_the_same_day_on(self, three):
        """A change of the quantity is no change of the price: both take effect."""
        self.plan()
        promised.work(at=MAY)
        ask(services.change_plan, three, now=MAY + DAY, price_id=three.price_id, quantity=2)
        promised.notify(three)
        promises.agree(promised.of(three).pk, now=JUNE - DAY, **WORDS)
        assert str(promised.of(three).new_total) == "€30.00"
        promised.work(at=JUNE)
        three.refresh_from_db()
        assert (three.quantity, three.price.amount_minor, three.pending_quantity) == (2, 1500, None)
        assert totals() == [3600, 3600, 3000]

    def test_one_more_before_the_date_is_at_the_price_they_joined_at(self, three):
        self.plan()
        promised.work(at=MAY)
        half_way = MAY + timedelta(days=15, hours=12)
        ask(services.change_plan, three, now=half_way, price_id=three.price_id, quantity=4)
        assert (three.quantity, three.price.amount_minor) == (4, 1200)
        assert totals() == [3600, 3600, 600]
        promised.notify(three)
        promised.work(at=JUNE)
        assert totals()[-1] == 4800, "nobody agreed"
        assert promised.of(three).outcome == Outcome.KEPT


class TestQuantityAndExclusivePrice:
    """Three of Grove at 9.99 each, to which 22 % of tax is added."""

    @pytest.fixture
    def price(self):
        make.several("grove", most=5)
        return make.net_price(amount_minor=999)

    def test_tax_is_added_to_all_of_them_at_once(self, gateway, price):
        quote = quotes.first_charge(price, customer=make.free_member(now=JOINED).customer, quantity=3, now=JOINED)
        member = join(gateway, price, quantity=3)
        work(MAY)
        # 29.97 and 6.5934 of tax: rounded once, not three times 2.20.
        assert [lines(invoice) for invoice in Invoice.objects.order_by("serial")] == [[(3, 3656, 2997, 659)]] * 2
        assert (quote.total.minor, quote.tax.minor, quote.next_total.minor) == (3656, 659, 3656)
        assert InvoiceLine.objects.first().unit_minor == 999
        letter = Message.objects.get(kind="membership-confirmation", user_id=member.customer_id)
        assert "3 × €9.99 a month plus VAT" in letter.text

    def test_one_more_for_half_a_month(self, gateway, price):
        member = join(gateway, price, quantity=3)
        half_way = JOINED + 15 * DAY
        preview = quotes.change(member, price, quantity=4, now=half_way)
        ask(services.change_plan, member, now=half_way, price_id=price.pk, quantity=4)
        # Half of 36.56 with half of its tax goes back; half of 39.96 is charged, and the tax on that.
        invoice = Invoice.objects.get(reason="change")
        assert lines(invoice) == [(1, -1828, -1498, -330), (1, 2438, 1998, 440)]
        assert (invoice.total_minor, preview.due_now.minor, preview.tax.minor) == (610, 610, 110)
        work(MAY)
        assert totals() == [3656, 610, 4875]
        assert sum(LedgerEntry.objects.balances().values()) == 0

    def test_a_discount_is_taken_off_before_the_tax(self, gateway, price):
        off = make.promotion(now=JOINED, amount_minor=500, currency="EUR", duration="forever")
        join(gateway, price, quantity=3, promotion=off)
        # 29.97 less 5.00: 24.97 and 5.49 of tax.
        assert lines(Invoice.objects.get()) == [(3, 3656, 2997, 659), (1, -610, -500, -110)]
        assert totals() == [3046]

    def test_a_price_promise_does_not_call_it_a_price_with_tax(self, gateway, price):
        member = join(gateway, price, quantity=3)
        promised.planned(price, 1099, now=JOINED + DAY, effective_at=MAY + 20 * DAY, notice_days=[20, 10])
        promised.work(at=MAY)
        promised.notify(member)
        letter = Message.objects.filter(kind="price-change-notice").first().text
        assert "You pay now: €29.97 a month plus VAT" in letter
        assert "New price: €32.97 a month plus VAT" in letter
        assert "tax included" not in letter
        promises.agree(promised.of(member).pk, now=JUNE - DAY, **WORDS)
        promised.work(at=JUNE)
        assert totals() == [3656, 3656, 4022]

    def test_prices_with_and_without_tax_are_no_versions_to_change_between(self, price):
        """11.00 plus VAT would pass for a fall from 12.00 with it, and be charged without consent."""
        before = promised.grove()
        with pytest.raises(errors.Refused, match="without it"):
            promised.draft(before, price, now=JOINED)
        assert not PriceChange.objects.exists()
