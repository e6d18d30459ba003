"""Delivery: once each, with back-off, and never marketing to those who said no."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends import base, locmem

from apps.accounts import services
from apps.core import sweeps
from apps.mail import lifecycle
from apps.mail.models import Message
from tests.factories import accounts
from tests.mail.letters import put_marketing, put_service

pytestmark = pytest.mark.django_db


class BrokenBackend(base.BaseEmailBackend):
    """A mail server that is down."""

    def open(self):
        raise ConnectionRefusedError("nobody listens")

    def send_messages(self, email_messages):
        raise AssertionError("never reached")


class PickyBackend(locmem.EmailBackend):
    """Refuses one address, takes the others."""

    def send_messages(self, messages):
        if messages[0].to == ["refused@example.com"]:
            raise ValueError("550 no such mailbox")
        return super().send_messages(messages)


@pytest.fixture
def server_down(settings):
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.BrokenBackend"}}


def deliver(now) -> int:
    return sweeps.run("mail.deliver", now=now)


def test_what_is_due_leaves_with_text_html_and_headers(now):
    user = accounts.marketable(email="anna@example.com")
    message = put_marketing(user, key="news:1", now=now)
    assert deliver(now) == 1
    (email,) = mail.outbox
    assert (email.to, email.from_email) == (["anna@example.com"], "Orangery <hello@orangery.example>")
    assert (email.subject, email.body) == (message.subject, message.text)
    assert [(part.content, part.mimetype) for part in email.alternatives] == [(message.html, "text/html")]
    wire = email.message()
    assert wire["Message-ID"] == message.headers["Message-ID"]
    assert wire["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert wire["Auto-Submitted"] == "auto-generated"
    message.refresh_from_db()
    assert (message.status, message.sent_at, message.attempts) == ("sent", now, 1)
    assert (message.next_attempt_at, message.lease_until, message.last_error) == (None, None, "")


def test_a_sent_mail_is_not_sent_again(now):
    put_service(accounts.customer(), key="code:1", now=now)
    assert deliver(now) == 1
    assert deliver(now + timedelta(days=1)) == 0
    assert len(mail.outbox) == 1


def test_what_is_not_due_stays(now):
    put_service(accounts.customer(), key="code:1", now=now, send_after=now + timedelta(minutes=1))
    assert deliver(now) == 0
    assert mail.outbox == []
    assert Message.objects.get().status == "pending"


def test_back_off_ladder_and_then_a_person(now, server_down):
    put_service(accounts.customer(), key="code:1", now=now)
    waits = [1, 5, 30, 120, 720]
    moment = now
    for attempt, minutes in enumerate(waits, start=1):
        assert deliver(moment) == 1
        message = Message.objects.get()
        assert (message.status, message.attempts) == ("pending", attempt)
        assert message.next_attempt_at == moment + timedelta(minutes=minutes)
        assert message.last_error == "ConnectionRefusedError: nobody listens"
        assert deliver(message.next_attempt_at - timedelta(seconds=1)) == 0
        moment = message.next_attempt_at
    assert deliver(moment) == 1
    message = Message.objects.get()
    assert (message.status, message.attempts, message.next_attempt_at) == ("failed", 6, None)
    assert deliver(moment + timedelta(days=30)) == 0
    assert list(Message.objects.waiting_for_a_person()) == [message]


def test_a_person_sends_it_again(now, server_down, settings):
    message = put_service(accounts.customer(), key="code:1", now=now)
    Message.objects.update(attempts=5)
    deliver(now)
    assert Message.objects.get().status == "failed"
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    later = now + timedelta(days=1)
    assert lifecycle.send_again(Message.objects.all(), now=later) == 1
    assert deliver(later) == 1
    assert [email.message()["Message-ID"] for email in mail.outbox] == [message.headers["Message-ID"]]
    assert Message.objects.get().status == "sent"


def test_send_again_takes_failed_mail_only(now):
    put_service(accounts.customer(), key="code:1", now=now)
    deliver(now)
    assert lifecycle.send_again(Message.objects.all(), now=now) == 0
    assert Message.objects.get().status == "sent"


def test_a_mail_that_fails_does_not_hold_up_the_others(now, settings):
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.PickyBackend"}}
    for number, to in enumerate(["first@example.com", "refused@example.com", "last@example.com"]):
        put_service(accounts.customer(), key=f"code:{number}", now=now, to=to)
    assert deliver(now) == 3
    assert [email.to for email in mail.outbox] == [["first@example.com"], ["last@example.com"]]
    assert dict(Message.objects.values_list("to_email", "status")) == {
        "first@example.com": "sent",
        "refused@example.com": "pending",
        "last@example.com": "sent",
    }
    assert Message.objects.get(to_email="refused@example.com").last_error == "ValueError: 550 no such mailbox"


def test_marketing_is_checked_again_right_before_it_leaves(now):
    willing, gone = accounts.marketable(), accounts.marketable()
    put_marketing(willing, key="news:1", now=now)
    services.set_marketing(gone, granted=False, source="account", now=now)
    put_marketing(gone, key="news:2", now=now)
    put_service(gone, key="receipt:2", now=now)
    assert deliver(now) == 3
    assert sorted(email.to[0] for email in mail.outbox) == sorted([willing.email, gone.email])
    assert dict(Message.objects.values_list("key", "status")) == {
        "news:1": "sent",
        "news:2": "cancelled",
        "receipt:2": "sent",
    }
    assert Message.objects.get(key="news:2").cancelled_at == now


def test_next_due_is_the_earliest_of_pending_and_left_behind(now):
    sweep = sweeps.get("mail.deliver")
    assert sweep.next_due(now=now) is None
    user = accounts.customer()
    put_service(user, key="code:1", now=now, send_after=now + timedelta(hours=2))
    assert sweep.next_due(now=now) == now + timedelta(hours=2)
    put_service(user, key="code:2", now=now)
    lifecycle.claim(now=now, limit=1)
    assert sweep.next_due(now=now) == now + lifecycle.LEASE


def test_mail_is_the_last_sweep():
    assert sweeps.in_order()[-1].name == "mail.deliver"
    assert sweeps.get("mail.deliver").order == 900
