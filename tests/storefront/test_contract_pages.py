"""Cancel contract here, withdraw from contract here: the pages, the same for everybody."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.mail.models import Message
from apps.memberships.declarations import handle_due
from apps.memberships.models import Declaration, Handling, Subscription
from tests.factories import accounts
from tests.factories import memberships as make
from tests.storefront.pages import nothing_changes, said

pytestmark = pytest.mark.django_db
CANCEL, WITHDRAW = "/contract/cancel/", "/contract/withdraw/"


@pytest.fixture(autouse=True)
def _shop(time_machine, now):
    time_machine.move_to(now, tick=False)
    make.plans()


@pytest.fixture
def member(gateway, now) -> Subscription:
    return make.member(gateway, "grove", now=now)


def fill(client, address, **facts) -> dict:
    """The fields of the page as somebody fills them in."""
    token = client.get(address).context["form"]["token"].value()
    shared = {"name": "Anna Rossi", "email": "anna@example.com", "token": str(token)}
    return shared | ({"manner": "ordinary"} if address == CANCEL else {}) | facts


def declare(client, address, **facts):
    """Fill in, look once more, send; returns the receipt page."""
    typed = fill(client, address, **facts)
    assert client.post(address, typed).status_code == 200
    return client.post(address, typed | {"confirm": "yes"}, follow=True)


@pytest.mark.parametrize(
    ("address", "button", "title"),
    [
        (CANCEL, "Cancel now", "Your cancellation has arrived"),
        (WITHDRAW, "Withdraw now", "Your withdrawal has arrived"),
    ],
)
def test_form_confirmation_receipt(client, address, button, title):
    typed = fill(client, address, contract="Grove")
    with nothing_changes():
        page = client.post(address, typed).content.decode()
    assert button in page
    assert "anna@example.com" in page
    receipt = client.post(address, typed | {"confirm": "yes"}, follow=True)
    text = receipt.content.decode()
    assert title in text
    assert "10 March 2026, 09:30:00 UTC" in text
    assert Declaration.objects.get().words in client.get(receipt.request["PATH_INFO"] + "text/").content.decode()
    assert receipt["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert Message.objects.get().to_email == "anna@example.com"


def test_known_and_unknown_see_the_same(client, member):
    pages = []
    for email in (member.customer.email, "stranger@example.com"):
        text = declare(client, CANCEL, email=email).content.decode()
        pages.append(re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|csrf[^>]*>|nonce=[^>]*>", "", text.replace(email, "…")))
    assert pages[0] == pages[1]


def test_the_same_statements_for_known_and_unknown(client, member):
    counted = []
    for email in (member.customer.email, "stranger@example.com"):
        typed = fill(client, CANCEL, email=email) | {"confirm": "yes"}
        with CaptureQueriesContext(connection) as queries:
            client.post(CANCEL, typed)
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_going_back_keeps_what_was_typed(client):
    typed = fill(client, CANCEL, contract="Grove")
    with nothing_changes():
        page = client.post(CANCEL, typed | {"change": "yes"})
    assert page.status_code == 200
    assert 'value="Grove"' in page.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"email": "nobody"},
        {"manner": "good_reason"},
        {"manner": "slowly"},
        {"wanted_on": "2026-03-09"},
        {"contract": "a\x00b"},
        {"contract": "x" * 201},
        {"token": "1"},
    ],
)
def test_bad_input_declares_nothing(client, wrong):
    typed = fill(client, CANCEL) | wrong | {"confirm": "yes"}
    with nothing_changes():
        assert client.post(CANCEL, typed).status_code == 400


def test_too_many(client):
    for _time in range(4):
        declare(client, CANCEL)
    typed = fill(client, CANCEL) | {"confirm": "yes"}
    with nothing_changes():
        page = client.post(CANCEL, typed)
    assert page.status_code == 429
    assert "try again later" in page.content.decode()


def test_the_link_of_the_letter_undoes(client, member, now):
    declare(client, WITHDRAW, email=member.customer.email)
    handle_due(now=now)
    address = f"/contract/letter/{Handling.objects.get().secret}/"
    with nothing_changes():
        page = client.get(address).content.decode()
    assert "This was not me: undo it" in page
    assert "It was me: do not wait" in page
    answer = client.post(address, {"step": "undo"}, follow=True)
    assert said(answer) == ["It is undone: nothing ends."]
    member.refresh_from_db()
    assert (member.status, member.ends_at) == ("active", None)
    with nothing_changes():
        assert said(client.post(address, {"step": "confirm"}, follow=True)) == ["There is nothing that waits for you."]


def test_the_link_of_the_letter_does_not_wait(client, member, now):
    declare(client, WITHDRAW, email=member.customer.email)
    handle_due(now=now)
    address = f"/contract/letter/{Handling.objects.get().secret}/"
    assert said(client.post(address, {"step": "confirm"}, follow=True)) == ["It is carried out."]
    member.refresh_from_db()
    assert member.end_reason == "withdrawn"
    with nothing_changes():
        assert said(client.post(address, {"step": "undo"}, follow=True)) == ["This cannot be undone any more."]


def test_a_wrong_link(client):
    for address in ("/contract/letter/", "/contract/receipt/"):
        assert client.get(f"{address}00000000-0000-4000-8000-000000000000/").status_code == 404


def test_signed_in_the_form_is_filled_in(client):
    user = accounts.customer()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert f'value="{user.email}"' in client.get(CANCEL).content.decode()
