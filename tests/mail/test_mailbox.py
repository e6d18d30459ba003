"""The demo's mailbox."""

import re

import pytest
from django.urls import reverse

from apps.mail.delivery import deliver_due
from apps.mail.models import Message
from tests.factories import accounts
from tests.mail.letters import put_service

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.mail.demo_urls")]


@pytest.fixture
def demo(settings):
    settings.DEMO = True


def deliver_one(now, *, key="code:1", **changes) -> Message:
    message = put_service(accounts.customer(), key=key, now=now, **changes)
    deliver_due(now=now)
    return message


def test_it_lists_delivered_mail_newest_first(client, demo, now):
    old = deliver_one(now.replace(hour=8), key="code:1", to="anna@example.com")
    new = deliver_one(now, key="code:2", to="bruno@example.com")
    put_service(accounts.customer(), key="code:3", now=now, to="waiting@example.com")
    body = client.get(reverse("demo_mailbox")).content.decode()
    assert re.findall(r"/demo/mailbox/(\d+)/", body) == [str(new.pk), str(old.pk)]
    assert "waiting@example.com" not in body


def test_it_filters_by_address(client, demo, now):
    anna = deliver_one(now, key="code:1", to="anna@example.com")
    deliver_one(now, key="code:2", to="bruno@example.com")
    body = client.get(reverse("demo_mailbox"), {"to": "ANNA"}).content.decode()
    assert re.findall(r"/demo/mailbox/(\d+)/", body) == [str(anna.pk)]
    assert "No mail here" in client.get(reverse("demo_mailbox"), {"to": "nobody"}).content.decode()


def test_one_mail_is_shown_in_a_sandboxed_frame(client, demo, now):
    message = deliver_one(now)
    body = client.get(reverse("demo_mailbox_message", args=[message.pk])).content.decode()
    frame = re.search(r"<iframe[^>]*>", body)[0]
    assert 'sandbox="allow-top-navigation-by-user-activation"' in frame
    assert f'src="{reverse("demo_mailbox_html", args=[message.pk])}"' in frame
    assert "481 903" in body


def test_the_frame_has_its_own_policy_and_links_lead_out(client, demo, now):
    message = deliver_one(now)
    response = client.get(reverse("demo_mailbox_html", args=[message.pk]))
    policy = response["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "default-src 'none'" in policy
    assert "style-src 'unsafe-inline'" in policy
    assert "script-src" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert '<head><base target="_top">' in response.content.decode()


def test_undelivered_mail_is_not_shown(client, demo, now):
    message = put_service(accounts.customer(), key="code:1", now=now)
    assert client.get(reverse("demo_mailbox_message", args=[message.pk])).status_code == 404
    assert client.get(reverse("demo_mailbox_html", args=[message.pk])).status_code == 404


@pytest.mark.parametrize("name", ["demo_mailbox", "demo_mailbox_message", "demo_mailbox_html"])
def test_outside_the_demo_there_is_no_mailbox(client, settings, now, name):
    settings.DEMO = False
    message = deliver_one(now)
    args = [] if name == "demo_mailbox" else [message.pk]
    assert client.get(reverse(name, args=args)).status_code == 404


def test_it_only_reads(client, demo, now):
    assert client.post(reverse("demo_mailbox")).status_code == 405
