"""The work queues: what waits, why, and the steps that staff take from them."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.billing import collection, dunning, refunds
from apps.billing.gateway.behaviours import authenticate, decline, lose_after
from apps.billing.models import Break, Invoice, Parked, Payment, Recovery
from apps.core.money import Money
from apps.insights import queues
from apps.memberships import services as memberships
from tests.factories import billing
from tests.factories import memberships as members

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NO_FUNDS = decline("insufficient_funds")


@pytest.fixture(autouse=True)
def _clock(time_machine, now):
    time_machine.move_to(now, tick=False)


def page(slug: str) -> str:
    return reverse("admin:insights_queue", args=[slug])


def act(slug: str, row, name: str) -> str:
    return reverse("admin:insights_queue_act", args=[slug, row.pk, name])


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def owing(gateway, now, *, script=(NO_FUNDS,)) -> Invoice:
    """An invoice whose recovery has begun."""
    invoice = billing.invoice(billing.payer(gateway, script=script, now=now), now=now)
    collection.collect_due(now=now)
    return invoice


def unknown(gateway, now) -> Payment:
    return billing.payment_of(owing(gateway, now, script=(lose_after(),)))


def a_break(now, **changes) -> Break:
    facts = {
        "key": "charge:pi_1:x", "subject": "charge", "kind": "missing_here", "ref": "pi_1", "here": "–",
        "there": "7.00 EUR", "amount_minor": 700, "currency": "EUR", "found_at": now - 2 * DAY, "seen_at": now,
    }  # fmt: skip
    return Break.objects.create(**{**facts, **changes})


def left_open(gateway, now) -> Invoice:
    dunning.new_policy_version(
        "standard", retry_days=[1], mail_days=[], grace_days=0, final_action="leave_open", is_current=True, now=now
    )
    invoice = owing(gateway, now, script=(decline("insufficient_funds", times=2),))
    for _step in range(3):
        dunning.advance_due(now=now + DAY)
        collection.collect_due(now=now + DAY)
    return invoice


@pytest.mark.parametrize("slug", [queue.slug for queue in queues.ALL])
def test_an_empty_queue_says_so(staff, slug):
    assert "Nothing waits here." in text(staff.get(page(slug)))


def test_there_is_no_such_queue(staff):
    assert staff.get(page("nowhere")).status_code == 404
    assert staff.get(reverse("admin:insights_queue_act", args=["breaks", 1, "explode"])).status_code == 404


def test_a_payment_of_unknown_outcome_is_asked_about(staff, gateway, now):
    payment = unknown(gateway, now)
    shown = text(staff.get(page("unknown-payments")))
    for fact in (payment.invoice.number, "€29.00", str(payment.invoice.customer), "lost after the charge", "ask now"):
        assert fact in shown, fact
    assert "Nothing is charged." in text(staff.get(act("unknown-payments", payment, "ask")))
    payment.refresh_from_db()
    assert payment.status == "unknown", "Opening the question changes nothing"
    answer = staff.post(act("unknown-payments", payment, "ask"), follow=True)
    assert said(answer) == [f"Payment {payment}: succeeded"]
    assert Invoice.objects.get().status == "paid"
    assert LogEntry.objects.get().change_message == "Ask the gateway"


def test_a_row_that_has_left_the_queue_meanwhile(staff, gateway, now):
    payment = unknown(gateway, now)
    staff.post(act("unknown-payments", payment, "ask"))
    answer = staff.post(act("unknown-payments", payment, "ask"), follow=True)
    assert said(answer)[-1] == "This does not wait here any more."


def test_a_parked_membership_is_taken_up_again(staff, gateway, now):
    member = members.member(gateway, "grove", now=now)
    memberships.park({member.pk: "NoTaxRate: none for XX"}, now=now - DAY)
    shown = text(staff.get(page("parked-memberships")))
    assert "NoTaxRate: none for XX" in shown
    assert "1\xa0day" in shown
    staff.post(act("parked-memberships", member, "unpark"))
    member.refresh_from_db()
    assert (member.parked_at, member.parked_reason) == (None, "")


def test_parked_items_show_whose_they_are(staff, gateway, now):
    payment = unknown(gateway, now)
    Parked.objects.put("settle", ref=str(payment.pk), reason="RuntimeError: x", now=now)
    paid = billing.payment_of(owing(gateway, now, script=()))
    refund = refunds.request(paid.pk, amount=Money(300, "EUR"), key="a", reason="", now=now)
    Parked.objects.put("refund", ref=str(refund.pk), reason="expired_card", now=now)
    Parked.objects.put("gateway", ref="key", reason="Stripe refuses our key", now=now)
    shown = text(staff.get(page("parked-items")))
    for fact in ("€29.00", "€3.00", str(payment.invoice.customer), str(paid.invoice.customer), "the shop&#x27;s key"):
        assert fact in shown, fact
    item = Parked.objects.get(kind="settle")
    staff.post(act("parked-items", item, "ask"))
    item.refresh_from_db()
    assert item.resolved_at == now
    other = Parked.objects.get(kind="gateway")
    assert said(staff.post(act("parked-items", other, "ask"), follow=True))[-1] == "This does not wait here any more."
    staff.post(act("parked-items", other, "resolve"))
    assert [row.kind for row in Parked.objects.waiting()] == ["refund"]


def test_a_break_is_resolved_with_a_reason_only(staff, now):
    found = a_break(now)
    shown = text(staff.get(page("breaks")))
    assert "look into it at the gateway" in shown
    assert "Take the suggested step" not in shown, "There is none that would be safe"
    answer = staff.post(act("breaks", found, "resolve"))
    assert "This field is required." in text(answer)
    found.refresh_from_db()
    assert found.status == "open"
    staff.post(act("breaks", found, "resolve"), {"reason": "Refunded there"})
    found.refresh_from_db()
    assert (found.status, found.note) == ("resolved", "Refunded there")
    assert LogEntry.objects.get().change_message == "Resolved by hand: Refunded there"


def test_a_recovery_is_tried_with_the_default_card(staff, gateway, now):
    invoice = owing(gateway, now)
    recovery = Recovery.objects.get()
    shown = text(staff.get(page("dunning")))
    for fact in (invoice.number, "One try, with Visa", "insufficient_funds", "Next: another try on"):
        assert fact in shown, fact
    answer = staff.post(act("dunning", recovery, "retry"), follow=True)
    assert said(answer) == [f"Payment {billing.payment_of(invoice)}: declined"]
    billing.add_card(gateway, invoice.customer, now=now)
    staff.post(act("dunning", recovery, "retry"))
    assert [p.status for p in invoice.payments.order_by("attempt")] == ["declined", "declined", "succeeded"]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (decline("lost_card", hard=True), "The bank does not allow this card to be charged again for this invoice."),
        (authenticate(), "The bank wants the customer to confirm: only they can pay with this card."),
    ],
)
def test_what_must_not_be_tried_is_refused(staff, gateway, now, script, says):
    invoice = owing(gateway, now, script=(script,))
    answer = staff.post(act("dunning", Recovery.objects.get(), "retry"), follow=True)
    assert said(answer) == [says]
    assert invoice.payments.count() == 1
    assert not LogEntry.objects.exists()


def test_staff_may_not_try_more_often_than_the_policy(staff, gateway, now):
    invoice = owing(gateway, now)
    recovery = Recovery.objects.get()
    for _try in range(9):
        answer = staff.post(act("dunning", recovery, "retry"), follow=True)
    assert "as often as its policy allows" in said(answer)[-1]
    assert invoice.payments.count() == 8


def test_a_recovery_is_stopped(staff, gateway, now):
    owing(gateway, now)
    recovery = Recovery.objects.get()
    staff.post(act("dunning", recovery, "stop"), {"reason": "She called"})
    recovery.refresh_from_db()
    assert (recovery.status, Invoice.objects.get().status) == ("cancelled", "open")
    assert recovery.changes.get().reason == "She called"


def test_an_invoice_left_unpaid_is_withdrawn(staff, gateway, now):
    left_open(gateway, now)
    recovery = Recovery.objects.get()
    assert text(staff.get(page("left-unpaid"))).count("Withdraw invoice") == 1
    staff.post(act("left-unpaid", recovery, "withdraw"), {"reason": "Agreed on the phone"})
    assert Invoice.objects.get().status == "void"
    assert "Nothing waits here." in text(staff.get(page("left-unpaid")))


def test_who_may_only_look_sees_no_steps_and_takes_none(client, gateway, now):
    payment = unknown(gateway, now)
    clerk = User.objects.create_user("clerk@example.com", is_staff=True)
    client.force_login(clerk)
    assert client.get(page("unknown-payments")).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_payment"))
    assert "Ask the gateway" not in text(client.get(page("unknown-payments")))
    assert client.post(act("unknown-payments", payment, "ask")).status_code == 403
    assert client.get(page("breaks")).status_code == 403
    payment.refresh_from_db()
    assert payment.status == "unknown"


def test_a_long_queue_has_pages_oldest_first_at_a_fixed_cost(staff, gateway, now):
    def fill(count: int) -> None:
        for _ in range(count):
            owing(gateway, now)
            Parked.objects.put("settle", ref=str(Payment.objects.latest("pk").pk), reason="x", now=now)
            a_break(now, key=str(Break.objects.count()), customer=User.objects.latest("pk"))

    fill(1)
    cost = {slug: _cost(staff, slug) for slug in ("dunning", "parked-items", "breaks")}
    fill(26)
    assert {slug: _cost(staff, slug) for slug in cost} == cost
    shown = staff.get(page("dunning"))
    assert "27 wait" in text(shown)
    assert len(shown.context["rows"]) == 25
    assert shown.context["rows"][0][0].title == Recovery.objects.earliest("pk").invoice.number
    assert len(staff.get(page("dunning") + "?page=2").context["rows"]) == 2
    assert len(staff.get(page("dunning") + "?page=x").context["rows"]) == 25


def _cost(staff, slug: str) -> int:
    with CaptureQueriesContext(connection) as spent:
        staff.get(page(slug))
    return len(spent)
