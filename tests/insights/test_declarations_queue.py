"""Declarations that wait for a person: the queue, its steps, and the page about one."""

import pytest
from django.urls import reverse

from apps.insights import timeline
from apps.mail.models import Message
from apps.memberships.declarations import handle_due
from apps.memberships.models import Handling
from tests.factories import accounts
from tests.factories import memberships as make
from tests.memberships.declarations.saying import say
from tests.storefront.pages import nothing_changes, said, signed_in

pytestmark = pytest.mark.django_db


def step(handling: Handling, name: str) -> str:
    return reverse("admin:insights_queue_act", args=["declarations", handling.pk, name])


@pytest.fixture
def office():
    return signed_in(accounts.staff())


def test_answered_by_a_person(office, now):
    row = say("cancel", "stranger@example.com", now=now)
    handle_due(now=now)
    page = office.get(reverse("admin:insights_queue", args=["declarations"])).content.decode()
    assert "No open contract of this address was found." in page
    with nothing_changes():
        office.get(step(row, "answer"))
        assert said(office.get(step(row, "carry-out"), follow=True)) == ["This does not wait here any more."]
    answer = office.post(step(row, "answer"), {"reason": "We have no contract with you."}, follow=True)
    assert said(answer) == ["The answer is on its way."]
    row.refresh_from_db()
    assert (row.status, row.answer) == ("answered", "We have no contract with you.")
    assert "We have no contract with you." in Message.objects.get(kind="declaration-answer").text


def test_carried_out_by_a_person(office, gateway, now):
    member = make.member(gateway, now=now)
    row = say("cancel", member.customer.email, contract="4711", now=now)
    handle_due(now=now)
    assert said(office.post(step(row, "carry-out"), follow=True))[0].startswith("It is carried out")
    member.refresh_from_db()
    assert member.is_cancelling


def test_it_stands_in_the_customers_story(gateway, now):
    member = make.member(gateway, now=now)
    say("cancel", member.customer.email, now=now)
    handle_due(now=now)
    [told] = [moment for moment in timeline.of(member.customer) if moment.title == "Declared: cancellation"]
    assert (told.at, told.detail) == (now, "carried out")


def test_the_page_of_a_declaration_leads_to_the_steps(office, now):
    row = say("cancel", "stranger@example.com", now=now)
    handle_due(now=now)
    page = reverse("admin:memberships_declaration_change", args=[row.declaration_id])
    text = office.get(page).content.decode()
    assert "No open contract of this address was found." in text
    assert row.declaration.client_hash not in text
    assert office.get(reverse("admin:memberships_declaration_changelist")).status_code == 200
    for act in ("answer", "carry_out"):
        button = reverse(f"admin:memberships_declaration_{act}", args=[row.declaration_id])
        assert button in text
        assert office.get(button).url == step(row, act.replace("_", "-"))
