"""Deferred revenue becomes revenue month by month, and is taken back where nothing was earned."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.billing import collection, corrections, invoices, lifecycle, recognition, refunds
from apps.billing.gateway import behaviours as cards
from apps.billing.gateway.port import RefundFailed
from apps.billing.models import Invoice, LedgerEntry, Payment, RevenueSchedule
from apps.core import sweeps
from apps.core.money import Money
from tests.factories import billing
from tests.factories.accounts import customer

from .reading import books, posted

DAY = timedelta(days=1)
START = datetime(2026, 3, 17, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
LAST_OF_MARCH = APRIL - timedelta(microseconds=1)


def line(net: int = 3100, **changes):
    """31 days from 17 March, without tax: 15 in March, 16 in April."""
    return billing.plan_line(net, start=START, tax_basis_points=0, **changes)


def issue(*lines, user=None, now=START):
    return invoices.issue([billing.draft(user or customer(), now=now, lines=list(lines))], now=now)[0]


def pay(gateway, *lines) -> Payment:
    invoice = billing.invoice(billing.payer(gateway, now=START), now=START, lines=list(lines))
    collection.collect_due(now=START)
    return billing.payment_of(invoice)


def give_back(payment: Payment, minor: int, *, now: datetime, key: str = "a"):
    return refunds.request(payment.pk, amount=Money(minor, "EUR"), key=key, reason="Withdrawn", now=now)


def revenue() -> dict[str, int]:
    """What became revenue, by document."""
    rows = LedgerEntry.objects.filter(account="revenue").order_by("pk").values_list("key", "amount_minor")
    return {key: -minor for key, minor in rows}


@pytest.mark.django_db
def test_each_month_posts_once_at_its_end(gateway):
    invoice = issue(line())
    row = RevenueSchedule.objects.get()
    assert sweeps.get("billing.recognise").next_due(now=START) == APRIL
    assert recognition.recognise_due(now=LAST_OF_MARCH) == 0
    assert recognition.recognise_due(now=APRIL) == 1
    assert recognition.recognise_due(now=APRIL) == 0
    assert posted(f"revenue:{row.pk}:2026-03") == {"revenue_deferred": 1500, "revenue": -1500}
    dates = LedgerEntry.objects.of_document(f"revenue:{row.pk}:2026-03").values_list("at", "customer")
    assert set(dates) == {(LAST_OF_MARCH, invoice.customer_id)}

    assert recognition.recognise_due(now=MAY) == 1
    assert revenue() == {f"revenue:{row.pk}:2026-03": 1500, f"revenue:{row.pk}:2026-04": 1600}
    row.refresh_from_db()
    assert (row.recognised_minor, row.left_minor, row.next_at) == (3100, 0, None)
    assert sweeps.get("billing.recognise").next_due(now=MAY) is None
    assert books() == {"receivable": 3100, "revenue": -3100}


@pytest.mark.django_db
def test_a_late_run_catches_up_month_by_month(gateway):
    year = billing.plan_line(36500, start=START, tax_basis_points=0, period_end=START + 365 * DAY)
    issue(year)
    assert recognition.recognise_due(now=datetime(2026, 7, 15, tzinfo=UTC)) == 4
    row = RevenueSchedule.objects.get()
    assert revenue() == {
        f"revenue:{row.pk}:2026-03": 1500,
        f"revenue:{row.pk}:2026-04": 3000,
        f"revenue:{row.pk}:2026-05": 3100,
        f"revenue:{row.pk}:2026-06": 3000,
    }
    assert list(LedgerEntry.objects.filter(account="revenue").order_by("pk").values_list("at__month", flat=True)) == [
        3, 4, 5, 6,
    ]  # fmt: skip
    assert (row.since, row.next_at) == (datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC))


@pytest.mark.django_db
def test_months_before_the_invoice_are_dated_with_it():
    late = datetime(2026, 5, 20, tzinfo=UTC)
    issue(line(), now=late)
    assert recognition.recognise_due(now=late) == 2
    assert list(revenue().values()) == [1500, 1600]
    assert set(LedgerEntry.objects.values_list("at", flat=True)) == {late}


@pytest.mark.django_db
def test_what_has_no_period_is_revenue_at_once_and_a_credit_earns_less():
    change = START + 20 * DAY
    issue(
        line(kind="plan"),
        billing.plan_line(
            -1100, start=change, tax_basis_points=0, kind="proration_credit", period_end=START + 31 * DAY
        ),
        billing.plan_line(700, start=START, tax_basis_points=0, period_start=None, period_end=None),
        billing.plan_line(0, start=START),
    )
    assert RevenueSchedule.objects.count() == 2
    recognition.recognise_due(now=APRIL)
    assert books() == {"receivable": 2700, "revenue": -2200, "revenue_deferred": -500}
    recognition.recognise_due(now=MAY)
    assert books() == {"receivable": 2700, "revenue": -2700}


@pytest.mark.django_db
def test_a_refund_takes_what_is_not_earned_first_and_the_rest_from_revenue(gateway):
    payment = pay(gateway, line())
    recognition.recognise_due(now=APRIL)
    first = give_back(payment, 600, now=APRIL + DAY)
    assert posted(f"credit-note:{first.credit_note_id}") == {"revenue_deferred": 600, "refunds_clearing": -600}
    second = give_back(payment, 2500, now=APRIL + DAY, key="b")
    assert posted(f"credit-note:{second.credit_note_id}") == {
        "revenue_deferred": 1000,
        "revenue": 1500,
        "refunds_clearing": -2500,
    }
    assert RevenueSchedule.objects.get().next_at is None
    assert recognition.recognise_due(now=MAY) == 0
    assert books() == {"cash": 3100, "refunds_clearing": -3100}


@pytest.mark.django_db
def test_after_a_part_refund_the_months_to_come_earn_less(gateway):
    payment = pay(gateway, line())
    give_back(payment, 1550, now=START + DAY)
    recognition.recognise_due(now=MAY)
    assert list(revenue().values()) == [750, 800]


@pytest.mark.django_db
def test_a_refund_is_spread_over_the_lines_also_the_negative_ones(gateway):
    payment = pay(gateway, line(3100), line(-620, kind="discount"))
    give_back(payment, 1240, now=START)
    assert [row.released_minor for row in RevenueSchedule.objects.order_by("line")] == [1550, -310]
    give_back(payment, 1240, now=START, key="b")
    assert not RevenueSchedule.objects.exclude(next_at=None).exists()
    assert books() == {"cash": 2480, "refunds_clearing": -2480}


@pytest.mark.django_db
def test_a_refund_that_failed_is_still_owed_and_is_not_deferred_again(gateway):
    payment = pay(gateway, line())
    recognition.recognise_due(now=APRIL)
    refund = give_back(payment, 3100, now=APRIL + DAY)
    lifecycle.claim_refunds(now=APRIL + DAY, limit=1)
    lifecycle.settle_refund(refund.pk, RefundFailed("expired_card"), now=MAY)
    row = RevenueSchedule.objects.get()
    assert (row.left_minor, row.released_minor, row.next_at) == (0, 1600, None)
    assert recognition.recognise_due(now=MAY) == 0
    assert books() == {"cash": 3100, "refunds_clearing": -3100}


@pytest.mark.django_db
def test_credit_for_the_customer_takes_what_is_not_earned_first(gateway):
    goods = billing.plan_line(500, start=START, period_start=None, period_end=None)
    payment = pay(gateway, billing.plan_line(3100, start=START), goods)
    recognition.recognise_due(now=APRIL)
    invoice = payment.invoice_id
    note = corrections.to_credit(invoice, amount=Money(3600, "EUR"), key="a", reason="Sorry", now=APRIL + DAY)
    # 3100 with 22 % are 2541 net: 1230 of them for the fifteen days of March.
    assert posted(f"credit-note:{note.pk}") == {
        "tax_payable": 649,
        "revenue_deferred": 1311,
        "revenue": 1640,
        "customer_credit": -3600,
    }
    assert recognition.recognise_due(now=MAY) == 0
    assert books() == {"cash": 3600, "customer_credit": -3600}


@pytest.mark.django_db
def test_a_void_turns_recognised_revenue_back():
    invoice = issue(line())
    recognition.recognise_due(now=APRIL)
    invoices.void(invoice.pk, reason="wrong", now=APRIL + DAY)
    note = f"credit-note:{invoice.credit_notes.get().pk}"
    assert posted(note) == {"revenue": 1500, "revenue_deferred": 1600, "receivable": -3100}
    assert books() == {}
    assert recognition.recognise_due(now=MAY) == 0


@pytest.mark.django_db
def test_a_void_before_any_revenue_takes_all_from_deferred():
    invoice = issue(line())
    invoices.void(invoice.pk, reason="wrong", now=START)
    note = f"credit-note:{invoice.credit_notes.get().pk}"
    assert posted(note) == {"revenue_deferred": 3100, "receivable": -3100}
    assert books() == {}


def unpaid(gateway, *, now: datetime):
    """An invoice whose first charge failed, recognised up to the end of March."""
    user = billing.payer(gateway, script=(cards.decline("lost_card", hard=True),), now=START)
    invoice = billing.invoice(user, now=START, lines=[line()])
    collection.collect_due(now=START)
    recognition.recognise_due(now=now)
    return Invoice.objects.select_related("customer").get(pk=invoice.pk)


@pytest.mark.django_db
def test_what_is_written_off_was_earned_until_then(gateway):
    invoice = unpaid(gateway, now=APRIL)
    with transaction.atomic():
        lifecycle.give_up(invoice, action="end", now=APRIL + 4 * DAY)
    # 15 days of March are revenue, 4 of April will be, and 12 are never served.
    assert posted(f"invoice-bad-debt:{invoice.pk}") == {
        "bad_debt": 1900,
        "revenue_deferred": 1200,
        "receivable": -3100,
    }
    recognition.recognise_due(now=MAY)
    assert books() == {"bad_debt": 1900, "revenue": -1900}


@pytest.mark.django_db
def test_a_service_that_goes_on_unpaid_is_earned_to_its_end(gateway):
    invoice = unpaid(gateway, now=APRIL)
    with transaction.atomic():
        lifecycle.give_up(invoice, action="write_off", now=APRIL + 4 * DAY)
    assert posted(f"invoice-bad-debt:{invoice.pk}") == {"bad_debt": 3100, "receivable": -3100}
    recognition.recognise_due(now=MAY)
    assert books() == {"bad_debt": 3100, "revenue": -3100}


@pytest.mark.django_db
def test_the_database_keeps_schedules_whole(gateway):
    issue(line())
    for statement, refusal in {
        "UPDATE billing_revenueschedule SET deferred_minor = 1": "immutable",
        "DELETE FROM billing_revenueschedule": "kept for ever",
        "UPDATE billing_revenueschedule SET next_at = NULL": "billing_revenue_left_has_date",
        "UPDATE billing_revenueschedule SET recognised_minor = 3100": "billing_revenue_left_has_date",
    }.items():
        with pytest.raises(IntegrityError, match=refusal), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert RevenueSchedule.objects.get().left_minor == 3100


@pytest.mark.django_db
def test_the_number_of_statements_does_not_grow_with_the_lines(monkeypatch):
    def statements(count: int) -> int:
        user = customer()
        invoices.issue([billing.draft(user, now=START, lines=[line()]) for _ in range(count)], now=START)
        with CaptureQueriesContext(connection) as captured:
            assert recognition.recognise_due(now=APRIL) == count
        return len(captured)

    assert statements(3) == statements(60)


def test_several_workers_recognise_each_month_once(own_database, monkeypatch):
    monkeypatch.setattr(recognition, "BATCH", 7)
    user = customer()
    invoices.issue([billing.draft(user, now=START, lines=[line()]) for _ in range(50)], now=START)
    together, handled = Barrier(4), []

    def work() -> None:
        try:
            together.wait()
            handled.append(recognition.recognise_due(now=MAY))
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handled.append(recognition.recognise_due(now=MAY))
    assert sum(handled) == 100
    assert books() == {"receivable": 155_000, "revenue": -155_000}
