"""The back office of billing."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from apps.accounts.models import User
from apps.billing import collection, explanation, refunds
from apps.billing.gateway import behaviours as cards
from apps.billing.models import DunningPolicy, Invoice, InvoiceLine, Parked, Payment, Recovery, Refund, TaxRate
from apps.core.money import Money
from tests.factories import billing
from tests.factories.accounts import staff

pytestmark = pytest.mark.django_db

MODELS = [
    "invoice", "payment", "refund", "recovery", "ledgerentry", "creditentry", "creditaccount", "profile", "parked",
    "dunningpolicy", "taxrate", "invoiceseries", "billingdetails", "creditnote", "dispute", "break", "reconciliation",
]  # fmt: skip
READ_ONLY = [name for name in MODELS if name not in {"dunningpolicy", "taxrate"}]
SENT = {"_form_submitted": "on"}
POLICY = {"mail_days": "", "grace_days": "5", "final_action": "end", "max_tries": "8", "tries_within_days": "14"}


@pytest.fixture
def office(client):
    client.force_login(staff())
    return client


@pytest.fixture
def paid(gateway, now) -> Payment:
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    collection.collect_due(now=now)
    return billing.payment_of(invoice)


def page(name: str, action: str, *args) -> str:
    return reverse(f"admin:billing_{name}_{action}", args=args)


@pytest.mark.parametrize("name", MODELS)
def test_every_list_opens(office, gateway, paid, now, name):
    billing.invoice(billing.payer(gateway, script=(cards.decline(),), now=now), now=now)
    collection.collect_due(now=now)
    refunds.request(paid.pk, amount=Money(100, "EUR"), key="a", reason="", now=now)
    Parked.objects.put("settle", ref="1", reason="", now=now)
    assert office.get(page(name, "changelist")).status_code == 200


@pytest.mark.parametrize("name", READ_ONLY)
def test_documents_cannot_be_added(office, name):
    assert office.get(page(name, "add")).status_code == 403


def test_an_invoice_shows_how_each_line_was_computed(office, paid):
    text = office.get(page("invoice", "change", paid.invoice_id)).content.decode()
    assert "€29.00 × 1 = €29.00 ✓" in text
    assert "€29.00 × 22 ÷ 122 = €5.23 ✓" in text
    assert "plan: grove" in text
    assert office.get(page("payment", "change", paid.pk)).status_code == 200


def test_a_line_that_does_not_agree_with_its_inputs_is_seen(gateway, now):
    user = billing.payer(gateway, now=now)
    lines = [
        billing.plan_line(2900, start=now),
        billing.plan_line(2800, start=now),
        billing.plan_line(1, start=now, inputs={}),
        billing.plan_line(-725, start=now, kind="discount", inputs={"base_minor": 2900, "percent_basis_points": 2500}),
        billing.plan_line(-500, start=now, kind="discount", inputs={"base_minor": 2900, "off_minor": 500}),
        billing.plan_line(
            -1400,
            start=now,
            kind="proration_credit",
            inputs={"base_minor": 2800, "seconds_left": 15 * 86_400, "seconds_whole": 30 * 86_400},
        ),
        billing.plan_line(
            50, start=now, kind="proration_charge", inputs={"base_minor": 100, "seconds_left": 1, "seconds_whole": 2}
        ),
    ]
    lines[1] = billing.plan_line(2800, start=now, inputs={"unit_minor": 2900, "quantity": 1})
    billing.invoice(user, now=now, lines=lines)
    derived = [explanation.of(line) for line in InvoiceLine.objects.select_related("invoice").order_by("position")]
    assert [(one.formula, one.agrees) for one in derived] == [
        ("€29.00 × 1 = €29.00", True),
        ("€29.00 × 1 = €29.00", False),
        ("€0.01", False),
        ("− 25 % of €29.00 = -€7.25", True),
        ("− €5.00, at most €29.00 = -€5.00", True),
        ("− €28.00 × 15 of 30 days = -€14.00", True),
        ("€1.00 × 1 of 2 seconds = €0.50", True),
    ]


def test_staff_refund_a_payment_once_for_each_form(office, paid):
    url = page("payment", "refund_this", paid.pk)
    assert b"At most \xe2\x82\xac29.00." in office.get(url).content
    form = {**SENT, "amount": "10.00", "reason": "Withdrawn", "key": "6b3b7a9e-7d3c-4c55-9d0e-0a4d5a3f6f10"}
    for _ in range(2):
        assert office.post(url, form).status_code == 302
    assert Refund.objects.values_list("amount_minor", "reason").get() == (1000, "Withdrawn")


@pytest.mark.parametrize("amount", ["0", "-1", "29.01", "1.005", "lots", ""])
def test_a_senseless_refund_is_refused_at_the_form(office, paid, amount):
    form = {**SENT, "amount": amount, "reason": "x", "key": "6b3b7a9e-7d3c-4c55-9d0e-0a4d5a3f6f10"}
    answer = office.post(page("payment", "refund_this", paid.pk), form)
    assert answer.status_code == 200
    assert not Refund.objects.exists()


def test_an_unpaid_payment_cannot_be_refunded(office, gateway, now):
    payment = billing.payment_of(billing.invoice(billing.payer(gateway, now=now), now=now))
    form = {**SENT, "amount": "1", "reason": "x", "key": "6b3b7a9e-7d3c-4c55-9d0e-0a4d5a3f6f10"}
    answer = office.post(page("payment", "refund_this", payment.pk), form)
    assert b"Only a payment that succeeded can be refunded." in answer.content
    assert not Refund.objects.exists()


def test_staff_who_may_only_look_cannot_act(client, paid):
    user = User.objects.create_user("clerk@example.com", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_payment", "view_invoice"]))
    client.force_login(user)
    assert client.get(page("payment", "change", paid.pk)).status_code == 200
    assert client.post(page("payment", "refund_this", paid.pk), SENT).status_code == 403
    assert client.post(page("invoice", "void_this", paid.invoice_id), SENT).status_code == 403
    assert not Refund.objects.exists()


def test_staff_withdraw_an_open_invoice_with_a_reason(office, gateway, now):
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    url = page("invoice", "void_this", invoice.pk)
    assert office.post(url, SENT).status_code == 200
    assert Invoice.objects.get().status == "open"
    assert office.post(url, {**SENT, "reason": "Wrong plan"}).status_code == 302
    assert Invoice.objects.get().status == "void"
    change = invoice.changes.get()
    assert change.reason == "Wrong plan"
    assert change.actor.endswith("@example.com")


def test_a_paid_invoice_stays_paid(office, paid):
    answer = office.post(page("invoice", "void_this", paid.invoice_id), {**SENT, "reason": "x"}, follow=True)
    assert "is paid" in answer.content.decode()
    assert Invoice.objects.get().status == "paid"


def test_staff_stop_a_recovery(office, gateway, now):
    billing.invoice(billing.payer(gateway, script=(cards.decline(),), now=now), now=now)
    collection.collect_due(now=now)
    recovery = Recovery.objects.get()
    office.post(page("recovery", "stop_this", recovery.pk), {**SENT, "reason": "Called"})
    recovery.refresh_from_db()
    assert recovery.status == "cancelled"


def test_staff_ask_what_became_of_a_payment(office, gateway, now):
    invoice = billing.invoice(billing.payer(gateway, script=(cards.lose_after(),), now=now), now=now)
    collection.collect_due(now=now)
    payment = billing.payment_of(invoice)
    office.post(page("payment", "ask_gateway", payment.pk), SENT)
    payment.refresh_from_db()
    assert payment.status == "succeeded"


def test_saving_a_policy_makes_a_new_version(office):
    old = DunningPolicy.objects.get()
    form = POLICY | {"name": "standard", "retry_days": "2, 4", "mail_days": "3", "is_current": "on"}
    assert office.post(page("dunningpolicy", "change", old.pk), form).status_code == 302
    new = DunningPolicy.objects.default()
    assert (new.version, new.retry_days, new.mail_days, new.grace_days) == (2, [2, 4], [3], 5)
    old.refresh_from_db()
    assert (old.retry_days, old.is_current) == ([1, 3, 5, 7], False)


def test_a_senseless_policy_is_refused_at_the_form(office):
    form = POLICY | {"name": "harsh", "retry_days": "4, 2"}
    answer = office.post(page("dunningpolicy", "add"), form)
    assert b"Give rising whole days" in answer.content
    assert DunningPolicy.objects.count() == 1


def test_overlapping_tax_rates_are_refused_at_the_form(office):
    rate = TaxRate.objects.get(country="IT")
    form = {
        "country": "IT",
        "category": "standard",
        "basis_points": "2300",
        "valid_from": str(rate.valid_from + timedelta(days=1)),
    }
    assert office.post(page("taxrate", "add"), form).status_code == 200
    assert TaxRate.objects.get(country="IT") == rate


def test_staff_resolve_what_was_put_aside(office, now):
    row = Parked.objects.put("settle", ref="1", reason="", now=now)
    office.post(page("parked", "changelist"), {"action": "resolve", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.resolved_at is not None
    assert not Parked.objects.waiting().exists()


def test_a_policy_for_some_invoices_is_written_as_people_write(office):
    form = POLICY | {
        "name": "Estate, large",
        "scope": "estate",
        "currency": "eur",
        "minimum": "120.50",
        "retry_days": " 2,4 ;6 ",
        "final_action": "leave_open",
        "is_current": "on",
    }
    assert office.post(page("dunningpolicy", "add"), form).status_code == 302
    made = DunningPolicy.objects.get(name="Estate, large")
    assert (made.scope, made.minimum, made.retry_days, made.mail_days) == ("estate", Money(12050, "EUR"), [2, 4, 6], [])
    assert made.final_action == "leave_open"
    opened = office.get(page("dunningpolicy", "change", made.pk)).content.decode()
    assert 'value="2, 4, 6"' in opened
    assert 'value="120.50"' in opened
    assert "estate, from €120.50 on" in office.get(page("dunningpolicy", "changelist")).content.decode()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"retry_days": "1, two"}, "Give whole days with commas between them"),
        ({"retry_days": "1, 2, 3, 4, 5, 6, 7, 8"}, "and no less than these days need"),
        ({"currency": "XXL"}, "There is no such currency."),
        ({"minimum": "5"}, "An amount needs a currency."),
        ({"minimum": "5.5", "currency": "JPY"}, "does not have that many decimal places"),
        ({"name": "standard"}, "A policy of this name is in force"),
        ({"max_tries": "40"}, "Give 2 to 15"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said_and_nothing_is_saved(office, changes, says):
    form = POLICY | {"name": "harsh", "retry_days": "2", "is_current": "on"} | changes
    answer = office.post(page("dunningpolicy", "add"), form)
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert DunningPolicy.objects.count() == 1


@pytest.mark.parametrize("changes", [{"is_current": ""}, {"scope": "estate"}])
def test_the_policy_for_all_other_invoices_cannot_be_taken_away(office, changes):
    old = DunningPolicy.objects.get()
    form = POLICY | {"retry_days": "2", "is_current": "on"} | changes
    answer = office.post(page("dunningpolicy", "change", old.pk), form)
    assert "One policy without conditions must stay in force" in answer.content.decode()
    assert DunningPolicy.objects.default() == old
