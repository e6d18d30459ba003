"""Several workers, and workers that die."""

import smtplib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.db import connection, connections

from apps.mail import lifecycle
from apps.mail.delivery import deliver_due
from apps.mail.models import Message
from tests.factories import accounts
from tests.mail.letters import put_service


def in_threads(count, work):
    """Run `work` in `count` threads that start together; returns their results."""
    gate = Barrier(count)

    def run(_number):
        try:
            gate.wait()
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_workers_at_once_send_each_mail_once(own_database, now):
    user = accounts.customer()
    for number in range(120):
        put_service(user, key=f"code:{number}", now=now, to=f"p{number}@example.com")
    handled = in_threads(4, lambda: deliver_due(now=now, batch=7))
    assert sum(handled) == 120
    assert Counter(email.to[0] for email in mail.outbox) == {f"p{number}@example.com": 1 for number in range(120)}
    assert Counter(Message.objects.values_list("status", "attempts")) == {("sent", 1): 120}


def test_claims_at_once_never_overlap(own_database, now):
    user = accounts.customer()
    for number in range(40):
        put_service(user, key=f"code:{number}", now=now)
    claims = in_threads(4, lambda: [message.pk for message in lifecycle.claim(now=now, limit=10)])
    taken = [pk for claim in claims for pk in claim]
    assert len(taken) == len(set(taken))
    assert Message.objects.filter(status="sending", lease_until=now + lifecycle.LEASE).count() == len(taken)


def test_the_same_key_put_at_once_makes_one_mail(own_database, now):
    user = accounts.customer()
    made = in_threads(6, lambda: put_service(user, key="code:1", now=now).pk)
    assert set(made) == {Message.objects.get().pk}


def test_no_transaction_is_open_while_sending(own_database, now, settings):
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.Witness"}}
    put_service(accounts.customer(), key="code:1", now=now)
    assert deliver_due(now=now) == 1
    assert Message.objects.get().status == "sent"


class Witness(locmem.EmailBackend):
    """Takes the mail only when the claim is committed and no transaction is open."""

    def send_messages(self, messages):
        if connection.in_atomic_block:
            raise smtplib.SMTPException("sent inside a transaction")
        return super().send_messages(messages)


class DyingBackend(locmem.EmailBackend):
    """Hands the mail over; then the worker dies before it can note anything."""

    def send_messages(self, messages):
        super().send_messages(messages)
        raise KeyboardInterrupt


def test_a_killed_workers_mail_is_sent_by_the_next_with_the_same_message_id(own_database, now, settings):
    message = put_service(accounts.customer(), key="code:1", now=now)
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.DyingBackend"}}
    with pytest.raises(KeyboardInterrupt):
        deliver_due(now=now)
    assert Message.objects.get().status == "sending"

    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    assert deliver_due(now=now + lifecycle.LEASE - timedelta(seconds=1)) == 0
    assert deliver_due(now=now + lifecycle.LEASE) == 1
    assert [email.message()["Message-ID"] for email in mail.outbox] == [message.headers["Message-ID"]] * 2
    message.refresh_from_db()
    assert (message.status, message.attempts) == ("sent", 2)


@pytest.mark.django_db
def test_whoever_lost_the_claim_changes_nothing(now):
    put_service(accounts.customer(), key="code:1", now=now)
    (old,) = lifecycle.claim(now=now, limit=10)
    later = now + lifecycle.LEASE
    (new,) = lifecycle.claim(now=later, limit=10)
    assert lifecycle.sent(old, now=later) is False
    assert lifecycle.attempt_failed(old, error="late", now=later) is False
    assert lifecycle.refused(old, now=later) is False
    assert lifecycle.release(old, now=later) is False
    message = Message.objects.get()
    assert (message.status, message.attempts, message.last_error) == ("sending", 2, "")
    assert lifecycle.sent(new, now=later) is True


@pytest.mark.django_db
def test_a_mail_on_which_every_worker_dies_waits_for_a_person(now):
    put_service(accounts.customer(), key="code:1", now=now)
    moment = now
    for _attempt in range(lifecycle.MAX_ATTEMPTS):
        assert len(lifecycle.claim(now=moment, limit=10)) == 1
        moment += lifecycle.LEASE
    assert lifecycle.claim(now=moment, limit=10) == []
    message = Message.objects.get()
    assert (message.status, message.last_error) == ("failed", lifecycle.ABANDONED)


@pytest.mark.django_db
def test_released_mail_has_lost_no_attempt(now):
    put_service(accounts.customer(), key="code:1", now=now)
    (claimed,) = lifecycle.claim(now=now, limit=10)
    assert lifecycle.release(claimed, now=now) is True
    message = Message.objects.get()
    assert (message.status, message.attempts, message.next_attempt_at, message.lease_until) == ("pending", 0, now, None)


@pytest.mark.django_db
def test_a_mail_on_its_way_cannot_be_cancelled(now):
    put_service(accounts.customer(), key="code:1", now=now)
    lifecycle.claim(now=now, limit=10)
    assert lifecycle.cancel(Message.objects.all(), now=now) == 0
    assert Message.objects.get().status == "sending"


@pytest.mark.django_db
def test_mail_sent_on_paper_leaves_for_nowhere(now):
    """In a rehearsal: what is due counts as sent, what is not waits."""
    user = accounts.customer()
    due = put_service(user, key="due", now=now)
    later = put_service(user, key="later", now=now, send_after=now + timedelta(days=1))
    assert lifecycle.sent_on_paper(now=now) == 1
    due.refresh_from_db()
    later.refresh_from_db()
    assert (due.status, due.sent_at, later.status) == ("sent", now, "pending")
    assert mail.outbox == []
    assert lifecycle.sent_on_paper(now=now) == 0
