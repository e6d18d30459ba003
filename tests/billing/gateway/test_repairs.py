"""Carrying out what a break suggests, against Stripe over HTTP."""

import pytest
from django.urls import reverse

from apps.billing import charging, collection, janitor, lifecycle, refunds, repairs
from apps.billing.gateway.port import Declined
from apps.billing.models import Break, Dispute, Invoice, Parked, Payment, Refund
from apps.core.money import Money
from apps.mail.models import Message
from tests.billing.reading import books, history
from tests.factories import billing
from tests.factories.accounts import staff

from .bills import bill, cardholder
from .nights import HOUR, books_of_stripe, breaks, charge_by_hand, night, now, paid
from .worlds import ALWAYS_ASKS, StripeWorld

__all__ = ["books_of_stripe", "now"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(books_of_stripe: StripeWorld) -> StripeWorld:
    return books_of_stripe


def test_a_charge_for_an_open_invoice_pays_it(world, now):
    payment = bill(cardholder(world, now=now), now=now)
    number = payment.invoice.number
    charge_by_hand(world, payment, metadata={"invoice": number})
    night(now)
    assert breaks() == [("charge", "missing_here", "–", "12.00 EUR", "adopt", "open")]
    found = repairs.repair(Break.objects.get().pk, actor="ann", now=now + HOUR)
    assert (found.status, found.closed_by) == ("resolved", "ann")
    assert Invoice.objects.get().status == "paid"
    assert [p.status for p in Payment.objects.order_by("attempt")] == ["cancelled", "succeeded"]
    assert books()["cash"] == 1200
    night(now, 1)
    assert Break.objects.count() == 1


def test_a_charge_of_another_amount_than_the_open_invoice_is_left_to_a_person(world, now):
    payment = bill(cardholder(world, now=now), now=now)
    charge_by_hand(world, payment, minor=1100, metadata={"invoice": payment.invoice.number})
    night(now)
    assert breaks() == [("charge", "missing_here", "–", "11.00 EUR", "look", "open")]
    with pytest.raises(lifecycle.DoesNotFit):
        lifecycle.adopt(payment.invoice_id, intent_id="pi_x", money=Money(1100, "EUR"), now=now)
    assert Payment.objects.count() == 1


def test_a_double_charge_goes_back_through_the_books(world, now):
    payment = paid(world, now=now)
    second = charge_by_hand(world, payment, key=str(payment.key))
    night(now)
    assert breaks() == [("charge", "double_charge", payment.gateway_id, second, "adopt", "open")]
    repairs.repair(Break.objects.get().pk, actor="ann", now=now + HOUR)
    extra = Payment.objects.latest("pk")
    assert (extra.status, extra.surplus, extra.gateway_id, extra.invoice_id) == (
        "succeeded", True, second, payment.invoice_id,
    )  # fmt: skip
    assert history(Break.objects.get()) == [("open", "resolved")]
    refunds.carry_out_due(now=now + HOUR)
    assert Refund.objects.get().status == "succeeded"
    assert books()["cash"] == 1200
    assert Message.objects.filter(kind="refund-sent").count() == 1
    given_back = world.gateway._api.refunds.list({"payment_intent": second}).data
    assert [refund.amount for refund in given_back] == [1200]
    assert night(now, 1).found == 0


def test_money_taken_that_the_shop_thinks_declined_is_settled_by_the_gateways_word(world, now):
    payment = bill(cardholder(world, now=now), now=now)
    [claimed] = lifecycle.claim(now=now, limit=1)
    charged = charging.charge(world.gateway, claimed, deadline=float("inf"))
    lifecycle.settle(payment.pk, Declined("generic_decline", hard=False, intent_id=charged.intent_id), now=now)
    night(now)
    assert breaks() == [("charge", "status", "declined", "moved", "settle", "open")]
    repairs.repair(Break.objects.get().pk, actor="ann", now=now + HOUR)
    payment.refresh_from_db()
    assert (payment.status, Invoice.objects.get().status) == ("succeeded", "paid")
    assert night(now, 1).found == 0


def test_a_repair_of_what_is_gone_does_nothing_but_close(world, now):
    bill(cardholder(world, now=now), now=now)
    world.sandbox.fault("drop_after", count=3)
    collection.collect_due(now=now)
    night(now)
    janitor.check_due(now=now + HOUR)
    before = (Payment.objects.count(), books())
    found = repairs.repair(Break.objects.get().pk, actor="ann", now=now + HOUR)
    assert (found.status, found.closed_by) == ("resolved", "")
    assert (Payment.objects.count(), books()) == before
    with pytest.raises(repairs.CannotRepair, match="closed already"):
        repairs.repair(found.pk, actor="ann", now=now + HOUR)


def test_a_refund_made_in_the_gateways_pages_is_written_down(world, now):
    payment = paid(world, now=now)
    Parked.objects.put("refund_outside", ref=payment.gateway_id, reason="", now=now)
    made = world.gateway._api.refunds.create({"payment_intent": payment.gateway_id, "amount": 450})
    night(now)
    assert breaks() == [("refund", "missing_here", "–", "4.50 EUR", "adopt_refund", "open")]
    repairs.repair(Break.objects.get().pk, actor="ann", now=now + HOUR)
    refund = Refund.objects.get()
    assert (refund.status, refund.gateway_id, refund.amount_minor) == ("succeeded", made.id, 450)
    assert books()["cash"] == 750
    assert not Parked.objects.waiting().exists()
    assert refunds.carry_out_due(now=now + HOUR) == 0
    assert [row.amount for row in world.gateway._api.refunds.list({"payment_intent": payment.gateway_id}).data] == [450]
    assert night(now, 1).found == 0


def test_a_refund_that_bounced_unheard_is_asked_about(world, now):
    payment = paid(world, now=now)
    refund = refunds.request(payment.pk, amount=Money(500, "EUR"), key="a", reason="", now=now)
    refunds.carry_out_due(now=now)
    refund.refresh_from_db()
    world.sandbox.control("POST", f"/refunds/{refund.gateway_id}/fail")
    night(now)
    assert breaks() == [("refund", "status", "succeeded", "failed", "ask", "open")]
    repairs.repair(Break.objects.get().pk, actor="ann", now=now + HOUR)
    refunds.carry_out_due(now=now + HOUR)
    refund.refresh_from_db()
    assert refund.status == "failed"
    assert books()["cash"] == 1200
    assert night(now, 1).found == 0


def test_a_charge_left_open_that_is_over_here_is_closed_there(world, now):
    payment = bill(cardholder(world, now=now, number=ALWAYS_ASKS), now=now)
    collection.collect_due(now=now)
    payment.refresh_from_db()
    lifecycle.settle(payment.pk, Declined("gave_up", hard=False), now=now)
    Payment.objects.filter(pk=payment.pk).update(check_at=None)
    night(now)
    assert breaks() == [("charge", "status", "declined", "open", "ask", "open")]
    repairs.repair(Break.objects.get().pk, actor="ann", now=now + HOUR)
    janitor.check_due(now=now + HOUR)
    assert world.gateway._api.payment_intents.retrieve(payment.gateway_id).status == "canceled"
    assert night(now, 1).found == 0


def test_a_dispute_that_no_event_told_of_is_put_before_a_person(world, now):
    payment = paid(world, now=now)
    attempt = world.gateway._api.payment_intents.retrieve(payment.gateway_id).latest_charge
    dispute = world.sandbox.control("POST", "/disputes", {"charge": attempt})
    night(now)
    assert breaks() == [("dispute", "missing_here", "–", "12.00 EUR", "park", "open")]
    repairs.repair(Break.objects.get().pk, actor="ann", now=now + HOUR)
    assert Dispute.objects.to_answer().get().gateway_id == dispute["id"]
    assert night(now, 1).found == 0


def test_staff_take_the_step_from_the_back_office(client, world, now):
    client.force_login(staff())
    payment = paid(world, now=now)
    charge_by_hand(world, payment, key=str(payment.key))
    charge_by_hand(world, payment, minor=700)
    charge_by_hand(world, payment, minor=800)
    night(now)
    double, seven, eight = (Break.objects.get(amount_minor=minor).pk for minor in (1200, 700, 800))

    def act(name: str, break_id: int, **form) -> None:
        url = reverse(f"admin:billing_break_{name}", args=[break_id])
        assert client.post(url, {"_form_submitted": "on", **form}).status_code == 302

    act("repair_this", double)
    act("repair_this", seven)
    act("resolve_this", seven, reason="Asked Ada")
    act("ignore_this", eight, reason="Another shop")
    closed = Break.objects.order_by("amount_minor").values_list("amount_minor", "status", "note")
    assert list(closed) == [
        (700, "resolved", "Asked Ada"),
        (800, "ignored", "Another shop"),
        (1200, "resolved", "take the charge into the books; what nobody owes goes back"),
    ]
    page = client.get(reverse("admin:billing_break_change", args=[double])).content.decode()
    assert payment.gateway_id in page
    assert client.get(reverse("admin:billing_break_changelist")).status_code == 200


def test_what_has_no_safe_step_is_not_touched(world, now):
    payment = paid(world, now=now)
    charge_by_hand(world, payment, minor=700)
    night(now)
    with pytest.raises(repairs.CannotRepair, match="no step that would be safe"):
        repairs.repair(Break.objects.get().pk, actor="ann", now=now)
    assert Break.objects.get().status == "open"
    assert books()["cash"] == 1200


def test_more_than_is_left_of_a_payment_is_not_written_down(world, now):
    payment = paid(world, now=now)
    world.gateway._api.refunds.create({"payment_intent": payment.gateway_id, "amount": 1000})
    refunds.request(payment.pk, amount=Money(500, "EUR"), key="a", reason="", now=now)
    night(now)
    [found] = Break.objects.filter(kind="missing_here")
    with pytest.raises(repairs.CannotRepair, match="More went back"):
        repairs.repair(found.pk, actor="ann", now=now)
    assert Refund.objects.count() == 1
    found.refresh_from_db()
    assert found.status == "open"


def test_what_a_change_of_plan_gave_back_is_not_written_down_as_a_refund_too(world, now):
    payment = paid(world, now=now)
    [line] = payment.invoice.lines.all()
    given = billing.plan_line(-600, start=now, kind="proration_credit", gives_back_of=[line.pk])
    lines = [given, billing.plan_line(600, start=now)]
    billing.invoice(payment.invoice.customer, now=now, lines=lines)
    world.gateway._api.refunds.create({"payment_intent": payment.gateway_id, "amount": 1000})
    night(now)
    [found] = Break.objects.filter(kind="missing_here")
    with pytest.raises(repairs.CannotRepair, match=r"has not so much left to take back\. At most €6\.00\."):
        repairs.repair(found.pk, actor="ann", now=now)
    assert not Refund.objects.exists()
    found.refresh_from_db()
    assert found.status == "open"


def test_a_repair_at_once_by_two_people_takes_a_charge_in_once(world, now):
    payment = paid(world, now=now)
    second = charge_by_hand(world, payment, key=str(payment.key))
    first, again = (
        lifecycle.adopt(payment.invoice_id, intent_id=second, money=Money(1200, "EUR"), now=now) for _ in range(2)
    )
    assert first == again
    assert Payment.objects.count() == 2
    assert Refund.objects.count() == 1
