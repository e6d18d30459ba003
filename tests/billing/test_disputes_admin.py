"""The queue of disputes: the deadlines, what to do, and doing it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.billing import collection, disputes, hints
from apps.billing.models import Dispute
from apps.insights import queue
from tests.factories import billing
from tests.factories.accounts import staff

pytestmark = pytest.mark.django_db

SENT = {"_form_submitted": "on"}
LIST = reverse("admin:billing_dispute_changelist")


@pytest.fixture
def office(client):
    client.force_login(staff())
    return client


def disputed(gateway, now) -> Dispute:
    """A dispute of a renewal of 29.00."""
    payment = billing.payment_of(billing.invoice(billing.payer(gateway, now=now), now=now))
    collection.collect_due(now=now)
    payment.refresh_from_db()
    opened = gateway.open_dispute(payment.gateway_id)
    heard = hints.dispute_moved(dispute_id=opened.id, intent_id=payment.gateway_id, now=now)
    return disputes.ask(heard.pk, now=now)


def page(action: str, dispute: Dispute) -> str:
    return reverse(f"admin:billing_dispute_{action}", args=[dispute.pk])


def urgent() -> dict[str, int]:
    return {row.label: row.count for row in queue.waiting(now=None) if row.is_urgent and row.count}


def test_the_queue_shows_who_how_much_until_when_and_what_to_do(office, gateway, now):
    dispute = disputed(gateway, now)
    for address in (LIST, page("change", dispute)):
        text = office.get(address).content.decode()
        for fact in (str(dispute.payment.invoice.customer), "€29.00", "Answer with what proves the purchase"):
            assert fact in text, fact
    assert "€20.00" in office.get(page("change", dispute)).content.decode()
    assert urgent() == {"Disputes to answer": 1}


def test_what_waits_comes_first_the_nearest_deadline_on_top(office, gateway, now):
    rows = [disputed(gateway, now) for _ in range(3)]
    disputes.accept(rows[0].pk, now=now)
    for row, days in ((rows[1], 9), (rows[2], 2)):
        Dispute.objects.filter(pk=row.pk).update(respond_by=now + timedelta(days=days))
    shown = office.get(LIST).context["cl"].result_list
    assert [row.pk for row in shown] == [rows[2].pk, rows[1].pk, rows[0].pk]


def test_staff_answer_from_the_queue(office, gateway, now):
    dispute = disputed(gateway, now)
    url = page("answer_this", dispute)
    assert office.post(url, SENT).status_code == 200  # a statement is needed
    dispute.refresh_from_db()
    assert dispute.status == "needs_response"
    assert office.post(url, {**SENT, "statement": "They grew three trees."}).status_code == 302
    dispute.refresh_from_db()
    assert dispute.status == "under_review"
    again = office.post(url, {**SENT, "statement": "More."}, follow=True).content.decode()
    assert "is under_review" in again
    assert urgent() == {}


def test_staff_give_in_and_ask(office, gateway, now):
    dispute = disputed(gateway, now)
    office.post(page("accept_this", dispute), SENT)
    dispute.refresh_from_db()
    assert dispute.status == "lost"
    assert urgent() == {"Other items put aside": 1}
    gateway.decide_dispute(dispute.gateway_id, won=True)
    office.post(page("ask_gateway", dispute), SENT)
    dispute.refresh_from_db()
    assert dispute.status == "won"


def test_staff_who_may_only_look_cannot_act(client, gateway, now):
    dispute = disputed(gateway, now)
    user = User.objects.create_user("clerk@example.com", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_dispute", content_type__app_label="billing"))
    client.force_login(user)
    assert client.get(page("change", dispute)).status_code == 200
    for action in ("answer_this", "accept_this", "ask_gateway"):
        assert client.post(page(action, dispute), {**SENT, "statement": "x"}).status_code == 403
    dispute.refresh_from_db()
    assert dispute.status == "needs_response"


def test_the_queue_costs_the_same_whatever_its_length(office, gateway, now):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            office.get(LIST)
        return len(captured)

    disputed(gateway, now)
    office.get(LIST)
    before = statements()
    for _ in range(4):
        disputed(gateway, now)
    assert statements() == before
