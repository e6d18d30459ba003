"""Replaying invoices: a real history has no difference, and a planted one of any kind is found."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.billing import collection, corrections, credit, invoices, recognition, refunds, replay, vat_registry
from apps.billing import gateway as gateways
from apps.billing.gateway import behaviours as cards
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import ExchangeRate, Invoice
from apps.billing.replay import walking
from apps.billing.vat_registry.scripted import Scripted
from apps.core.money import Money
from apps.memberships import renewals, services
from tests.conftest import clone_database
from tests.factories import billing
from tests.factories import memberships as make
from tests.factories.accounts import customer

JOINED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def lived(django_db_setup, django_db_blocker):
    """A database in which a history was lived."""
    with django_db_blocker.unblock(), clone_database():
        live()
        yield


@pytest.fixture
def history(lived, django_db_blocker):
    """A copy of that history of the test's own."""
    with django_db_blocker.unblock(), clone_database():
        yield


def live() -> None:
    """Members who join with a discount, upgrade, renew, pay by credit and get money back; a void, a card that never
    works; a company that accounts for its tax, prices to which tax is added, and tax rounded by document."""
    with gateways.using(Rehearsal()) as gateway:
        first = make.member(gateway, now=JOINED, promotion=make.promotion(now=JOINED, duration="forever"))
        second = make.member(gateway, now=JOINED)
        conservatory = make.price("conservatory")
        services.change_plan(second.pk, conservatory.pk, customer=second.customer, now=JOINED + 10 * DAY)
        gift = {"money": Money(250, "EUR"), "key": "gift", "reason": "", "source_account": "points_expense"}
        credit.grant(first.customer, now=JOINED, **gift)
        never = billing.payer(gateway, script=(cards.decline("lost_card", hard=True),), now=JOINED)
        void, _open = [billing.invoice(never, now=JOINED, key=key) for key in ("void", "open")]
        for month in range(1, 5):
            at = datetime(2026, month + 1, 28, 9, 0, tzinfo=UTC)
            recognition.recognise_due(now=at)
            renewals.bill_due(now=at)
            collection.collect_due(now=at)
            if month == 1:
                invoices.void(void.pk, reason="wrong", now=at)
        payment = Invoice.objects.get(reason="signup", customer=second.customer).payments.get()
        refunds.request(payment.pk, amount=Money(300, "EUR"), key="a", reason="Sorry", now=JOINED + 70 * DAY)
        live_by_other_taxes(gateway)
        live_abroad(gateway)
        recognition.recognise_due(now=JOINED + 150 * DAY)


def live_abroad(gateway) -> None:
    """An invoice in dollars, a part of it credited."""
    ExchangeRate.objects.create(currency="USD", day=JOINED.date(), per_euro=Decimal("1.0823"))
    abroad = billing.invoice(billing.payer(gateway, now=JOINED), now=JOINED, currency="USD")
    collection.collect_due(now=JOINED)
    corrections.to_credit(abroad.pk, amount=Money(1000, "USD"), key="a", reason="", now=JOINED + DAY)


def live_by_other_taxes(gateway) -> None:
    with vat_registry.using(Scripted({})):
        company = customer(country="DE", time_zone="Europe/Berlin")
        billing.company(company, now=JOINED)
    spared = make.member(gateway, now=JOINED, user=company)
    conservatory = make.price("conservatory")
    services.change_plan(spared.pk, conservatory.pk, customer=company, now=JOINED + 10 * DAY)
    billing.round_tax_by("document")
    billing.invoice(customer(), now=JOINED, lines=[billing.plan_line(1150, start=JOINED) for _ in range(3)])
    half = make.promotion(now=JOINED, percent_basis_points=3333)
    make.join(gateway, make.net_price(), now=JOINED, promotion=half)


RATES = ("exchangerate", "statedtax")


def plant(*statements: str) -> None:
    """Change the books behind the back of their guards."""
    with connection.cursor() as cursor:
        for table in ("invoice", "invoiceline", "ledgerentry", "payment", "revenueschedule", *RATES):
            cursor.execute(f"ALTER TABLE billing_{table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)


def found() -> set[str]:
    """What differs, each kind once, without the numbers of rows."""
    differences = [difference for batch in replay.walk() for difference in batch.differences] + replay.whole_ledger()
    return {difference.what.partition(":")[0] for difference in differences}


def line(kind: str, change: str) -> str:
    chosen = f"SELECT min(id) FROM billing_invoiceline WHERE kind = '{kind}'"
    return f"UPDATE billing_invoiceline SET {change} WHERE id = ({chosen})"


def entry(account: str, key: str, change: str) -> str:
    chosen = f"SELECT min(id) FROM billing_ledgerentry WHERE account = '{account}' AND key LIKE '{key}'"
    return f"UPDATE billing_ledgerentry SET {change} WHERE id = ({chosen})"


def test_a_real_history_has_no_difference(history, capsys):
    assert found() == set()
    call_command("replay_invoices")
    out = capsys.readouterr().out
    assert f"{Invoice.objects.count()} invoices replayed, no difference." in out


PLANTED = {
    "tax in euro": (
        "UPDATE billing_statedtax SET tax_minor = tax_minor + 1",
        {"tax in EUR", "tax in EUR of ORC-000003"},
    ),
    "rate of the day": ("UPDATE billing_exchangerate SET per_euro = 2", {"rate of the document's currency"}),
    "rate that is not known": ("DELETE FROM billing_exchangerate", {"rate of the document's currency"}),
    "credit note not stated": (
        "DELETE FROM billing_statedtax WHERE credit_note_id IS NOT NULL",
        {"tax in EUR of ORC-000003"},
    ),
    "amount": (line("plan", "amount_minor = amount_minor + 1, net_minor = net_minor + 1"), {"amount"}),
    "a discount": (line("discount", "inputs = inputs || '{\"percent_basis_points\": 4900}'"), {"amount"}),
    "no inputs": (line("plan", "inputs = '{}'"), {"amount"}),
    "nonsense inputs": (line("plan", 'inputs = inputs || \'{"anchor": "never"}\''), {"period"}),
    "inputs of another type": (line("proration_credit", 'inputs = inputs || \'{"base_minor": "x"}\''), {"amount"}),
    "quantity": (line("plan", "quantity = 2"), {"unit price x quantity"}),
    "tax": (line("plan", "tax_minor = tax_minor + 1, net_minor = net_minor - 1"), {"tax", "net"}),
    "start": (line("plan", "period_start = period_start - interval '1 hour'"), {"period start"}),
    "end": (line("plan", "period_end = period_end + interval '1 day'"), {"period end"}),
    "share": (line("proration_charge", "period_start = period_start + interval '1 hour'"), {"seconds left"}),
    "span": (line("proration_charge", "period_end = period_end + interval '1 hour'"), {"period end"}),
    "total": (
        "UPDATE billing_invoice SET total_minor = total_minor + 1, due_minor = due_minor + 1 WHERE status = 'open'",
        {"total", "due"},
    ),
    "invoice tax": ("UPDATE billing_invoice SET tax_minor = tax_minor - 1", {"tax"}),
    "number": ("UPDATE billing_invoice SET number = 'X' WHERE serial = 1", {"number"}),
    "position": (line("plan", "position = 7"), {"positions"}),
    "sale": (entry("receivable", "invoice:%", "account = 'cash'"), {"invoice"}),
    "credit": (entry("customer_credit", "invoice-credit:%", "account = 'cash'"), {"invoice-credit"}),
    "payment": (entry("cash", "payment:%", "account = 'bad_debt'"), {"payment"}),
    "a payment not booked": ("DELETE FROM billing_ledgerentry WHERE key LIKE 'payment:%'", {"payment"}),
    "void": (
        "DELETE FROM billing_ledgerentry WHERE key IN (SELECT 'credit-note:' || id FROM billing_creditnote"
        " WHERE settlement = 'open')",
        {"credit-note", "taken back from deferred revenue", "deferred revenue in EUR"},
    ),
    "a refund's note": (
        entry("tax_payable", "credit-note:%", "account = 'cash'"),
        {"credit-note"},
    ),
    "withdrawn without a note": (
        "UPDATE billing_invoice SET status = 'void', voided_at = issued_at WHERE status = 'open'",
        {"withdrawn by a credit note"},
    ),
    "write-off": ("UPDATE billing_invoice SET status = 'uncollectible' WHERE status = 'open'", {"invoice-bad-debt"}),
    "a credit note": (
        "UPDATE billing_revenueschedule SET released_minor = released_minor + 1,"
        " recognised_minor = recognised_minor - 1 WHERE released_minor > 0",
        {"recognised so far", "taken back from deferred revenue"},
    ),
    "tax given back": (line("proration_credit", "inputs = inputs || '{\"base_tax_minor\": 1}'"), {"tax", "net"}),
    "tax left to the customer": (
        "UPDATE billing_invoiceline SET inputs = inputs || '{\"relieved_basis_points\": 1000}'"
        " WHERE inputs ? 'relieved_minor'",
        {"tax left to the customer"},
    ),
    "rounding": (
        'UPDATE billing_invoice SET seller_details = seller_details || \'{"tax_rounding": "line"}\'',
        {"tax", "net"},
    ),
    "tax added": (
        "UPDATE billing_invoiceline SET tax_minor = tax_minor + 1, amount_minor = amount_minor + 1"
        " WHERE NOT tax_included AND kind = 'plan'",
        {"tax", "amount with tax"},
    ),
    "month": (entry("revenue_deferred", "revenue:%", "amount_minor = amount_minor + 1"), {"revenue of 2026-01"}),
    "schedule": (
        "UPDATE billing_revenueschedule SET deferred_minor = deferred_minor + 1,"
        " recognised_minor = recognised_minor + 1 WHERE next_at IS NULL",
        {"deferred at issue", "recognised so far"},
    ),
    "one side": (
        "INSERT INTO billing_ledgerentry (key, account, currency, amount_minor, at)"
        " VALUES ('x:1', 'cash', 'EUR', 1, now())",
        {"sum in EUR"},
    ),
    "deferred out of nothing": (
        "INSERT INTO billing_ledgerentry (key, account, currency, amount_minor, at)"
        " VALUES ('x:1', 'cash', 'EUR', 1, now()), ('x:1', 'revenue_deferred', 'EUR', -1, now())",
        {"deferred revenue in EUR"},
    ),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_difference_is_found(history, kind):
    statement, expected = PLANTED[kind]
    plant(statement)
    assert found() >= expected
    with pytest.raises(CommandError, match="difference") as problem:
        call_command("replay_invoices")
    assert problem.value.returncode == 1


def test_a_difference_names_invoice_and_line_and_both_values(history, capsys):
    plant(line("plan", "amount_minor = amount_minor + 1, net_minor = net_minor + 1"))
    with pytest.raises(CommandError):
        call_command("replay_invoices")
    assert "OR-000001 line 1: amount: expected 1200, found 1201" in capsys.readouterr().out


def test_it_starts_where_it_is_told(history, monkeypatch):
    numbers = list(Invoice.objects.order_by("pk").values_list("number", flat=True))
    monkeypatch.setattr(walking, "BATCH", 2)
    assert next(replay.walk()).last_number == numbers[1]
    after = replay.resume_from(numbers[2])
    assert sum(batch.size for batch in replay.walk(after=after)) == len(numbers) - 3 == replay.count(after=after)
    since = JOINED + 20 * DAY
    assert replay.count(since=since) == Invoice.objects.filter(issued_at__gte=since).count() > 0
    plant("UPDATE billing_invoice SET tax_minor = tax_minor - 1 WHERE serial = 1")
    call_command("replay_invoices", since="2026-02-20")
    call_command("replay_invoices", after=numbers[0])
    with pytest.raises(CommandError):
        call_command("replay_invoices", since="2026-01-31")


def test_an_interrupted_replay_says_where_to_go_on(history, monkeypatch):
    monkeypatch.setattr(walking, "BATCH", 2)
    numbers = list(Invoice.objects.order_by("pk").values_list("number", flat=True))
    walked = walking.walk

    def interrupted(**options):
        yield next(walked(**options))
        raise KeyboardInterrupt

    monkeypatch.setattr(replay, "walk", interrupted)
    with pytest.raises(CommandError, match=f"--after {numbers[1]}") as problem:
        call_command("replay_invoices")
    assert problem.value.returncode == 130


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"since": "yesterday"}, "a day such as"), ({"after": "OR-999999"}, "no invoice OR-999999")],
)
def test_nonsense_is_refused(history, options, problem):
    with pytest.raises(CommandError, match=problem):
        call_command("replay_invoices", **options)


def test_the_number_of_statements_does_not_grow_with_a_batch(history):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(list(replay.walk())) == 1
        return len(captured)

    before = statements()
    user = customer()
    invoices.issue([billing.draft(user, now=JOINED) for _ in range(30)], now=JOINED)
    assert statements() == before


def test_it_writes_nothing_and_reads_one_state(history):
    with CaptureQueriesContext(connection) as captured:
        list(replay.walk())
        replay.whole_ledger()
    words = {query["sql"].split()[0] for query in captured}
    assert words == {"BEGIN", "SET", "SELECT", "COMMIT"}
    assert sum("REPEATABLE READ, READ ONLY" in query["sql"] for query in captured) == 3
