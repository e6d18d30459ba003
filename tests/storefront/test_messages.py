"""The messages that were sent to a customer, for that customer alone."""

import pytest

from apps.mail import delivery
from apps.mail.models import Message
from tests.factories import accounts
from tests.mail.letters import put_service
from tests.storefront.pages import signed_in

pytestmark = pytest.mark.django_db


def test_list_and_letter(now):
    user, other = accounts.customer(), accounts.customer()
    mine, theirs = put_service(user, key="a", now=now), put_service(other, key="b", now=now)
    secret = put_service(user, key="c", now=now, secret=True)
    browser = signed_in(user)
    assert "No messages yet" in browser.get("/account/messages/").content.decode()
    assert browser.get(f"/account/messages/{mine.pk}/").status_code == 404
    delivery.deliver_due(now=now)

    page = browser.get("/account/messages/").content.decode()
    assert f"/account/messages/{mine.pk}/" in page
    assert f"/account/messages/{secret.pk}/" not in page
    assert "held a way into your account" in page
    assert Message.objects.get(pk=mine.pk).subject in browser.get(f"/account/messages/{mine.pk}/").content.decode()
    letter = browser.get(f"/account/messages/{mine.pk}/html/")
    assert '<base target="_top">' in letter.content.decode()
    assert "script" not in letter["Content-Security-Policy"]
    for row in (theirs, secret):
        for part in ("", "html/"):
            assert browser.get(f"/account/messages/{row.pk}/{part}").status_code == 404


def test_signed_out(client):
    assert client.get("/account/messages/").url == "/accounts/login/?next=/account/messages/"
