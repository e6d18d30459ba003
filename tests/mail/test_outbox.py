"""Putting mail: once for an occasion, rendered at once, with the headers its stream needs."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.template import TemplateDoesNotExist
from django.utils.translation import override

from apps.accounts import services
from apps.core.money import Money
from apps.mail import outbox
from apps.mail.models import Message
from apps.mail.rendering import localised
from tests.factories import accounts
from tests.mail.letters import put_marketing, put_service

pytestmark = pytest.mark.django_db


def test_a_put_mail_is_rendered_and_waits(now):
    user = accounts.customer(email="anna@example.com")
    message = put_service(user, key="code:1", now=now)
    message.refresh_from_db()
    assert (message.status, message.attempts, message.next_attempt_at, message.send_after) == ("pending", 0, now, now)
    assert (message.to_email, message.user_id, message.stream) == ("anna@example.com", user.pk, "service")
    assert message.subject == "Your sign-in code"
    assert message.text.startswith(
        "Enter this code in the browser window in which you are signing in.\n\n481 903\n\nIf you did not ask for this"
    )
    assert '<p class="code">481 903</p>' in message.html
    assert message.context == {"code": "481 903"}
    assert message.created_at == now


def test_second_key_returns_the_first_and_does_nothing(now):
    user = accounts.customer()
    first = put_service(user, key="code:1", now=now)
    second = put_service(user, key="code:1", now=now + timedelta(hours=1), context={"code": "000 000"})
    assert second == first
    assert Message.objects.get().context == {"code": "481 903"}


def test_it_is_put_only_if_what_it_speaks_of_is_committed(now):
    user = accounts.customer()
    with transaction.atomic():
        assert put_service(user, key="code:1", now=now).status == "pending"
        transaction.set_rollback(True)
    assert Message.objects.count() == 0


def test_message_id_comes_from_the_key(now):
    user = accounts.customer()
    one = put_service(user, key="code:1", now=now)
    two = put_service(user, key="code:2", now=now)
    assert one.headers == {
        "Message-ID": "<c4042201e36a72d57681745127a85ed7e441aed1@127.0.0.1>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": "en",
    }
    assert two.headers["Message-ID"] != one.headers["Message-ID"]


def test_marketing_carries_one_click_unsubscribe(now):
    user = accounts.marketable()
    message = put_marketing(user, key="news:1", now=now)
    link = services.unsubscribe_url(user)
    assert message.headers["List-Unsubscribe"] == f"<{link}>"
    assert message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f'<a href="{link}">Unsubscribe</a>' in message.html
    assert message.text.endswith(f"Unsubscribe: {link}\n")


def test_service_mail_has_no_unsubscribe(now):
    message = put_service(accounts.customer(), key="code:1", now=now)
    assert "nsubscribe" not in message.html + message.text + json.dumps(message.headers)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stream": "marketing"}, "unsubscribe_url"),
        ({"stream": "marketing", "unsubscribe_url": "https://x.example/u/", "user_id": None}, "user_id"),
        ({"stream": "gossip"}, "gossip"),
        ({"to": ""}, "address"),
    ],
)
def test_a_mail_that_must_not_be_is_refused(now, changes, reason):
    with pytest.raises(ValueError, match=reason):
        put_service(accounts.customer(), key="code:1", now=now, **changes)
    assert Message.objects.count() == 0


def test_unknown_kind_is_refused(now):
    with pytest.raises(TemplateDoesNotExist):
        outbox.put("no-such-kind", key="x:1", to="a@example.com", user_id=1, locale="en", context={}, now=now)
    assert Message.objects.count() == 0


def test_a_model_in_the_context_is_refused(now):
    user = accounts.customer()
    with pytest.raises(TypeError), transaction.atomic():
        put_service(user, key="code:1", now=now, context={"code": user})
    assert Message.objects.count() == 0


def test_amounts_and_dates_are_kept_as_evidence(now):
    put_service(
        accounts.customer(), key="code:1", now=now, locale="it", context={"code": Money(123456, "EUR"), "on": now}
    )
    message = Message.objects.get()
    assert message.context == {"code": "1.234,56\xa0€", "on": "2026-03-10T09:30:00Z"}
    assert "1.234,56\xa0€" in message.text


def test_dates_are_shown_in_the_readers_zone(now):
    outbox.put(
        "account-password-changed",
        key="p:1",
        to="a@example.com",
        user_id=None,
        locale="en",
        zone="America/New_York",
        context={"timestamp": datetime(2026, 7, 1, 2, 15, tzinfo=UTC), "ip": "203.0.113.7", "user_agent": "Firefox"},
        now=now,
    )
    assert "When: 30 June 2026, 22:15" in Message.objects.get().text


def test_html_is_escaped_and_text_is_not(now):
    message = put_service(accounts.customer(), key="code:1", now=now, context={"code": "<b>&"})
    assert "&lt;b&gt;&amp;" in message.html
    assert "<b>&" not in message.html
    assert "<b>&" in message.text


def test_send_after_holds_it_back(now):
    later = now + timedelta(days=2)
    message = put_service(accounts.customer(), key="code:1", now=now, send_after=later)
    assert (message.send_after, message.next_attempt_at) == (later, later)
    assert list(Message.objects.due(later - timedelta(seconds=1))) == []
    assert list(Message.objects.due(later)) == [message]


def test_cancel_keys_takes_the_prefix_only(now):
    user = accounts.customer()
    for key in ["trial:4:a", "trial:4:b", "trial:42:a"]:
        put_service(user, key=key, now=now)
    assert outbox.cancel_keys("trial:4:", now=now) == 2
    assert dict(Message.objects.values_list("key", "status")) == {
        "trial:4:a": "cancelled",
        "trial:4:b": "cancelled",
        "trial:42:a": "pending",
    }


def test_cancel_keys_without_a_prefix_is_refused(now):
    put_service(accounts.customer(), key="code:1", now=now)
    with pytest.raises(ValueError):
        outbox.cancel_keys("", now=now)
    assert Message.objects.get().status == "pending"


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "lost"},
        {"stream": "gossip"},
        {"text": ""},
        {"subject": ""},
        {"next_attempt_at": None},
        {"status": "sending"},
        {"status": "sent"},
        {"status": "cancelled"},
        {"status": "failed"},
        {"stream": "marketing"},
    ],
)
def test_database_refuses_what_must_not_be(now, broken):
    message = put_service(accounts.customer(), key="code:1", now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(**broken)
    assert Message.objects.get().status == "pending"


def test_of_samples_the_first_of_each_kind_and_language_has_its_words(now):
    anna, uta = accounts.customer(), accounts.customer(locale="de")
    with outbox.samples():
        messages = [
            put_service(user, key=f"code:{number}", now=now) for number, user in enumerate((anna, anna, uta, uta))
        ]
    after = put_service(anna, key="code:after", now=now)
    words = [message.html.count("481 903") for message in [*messages, after]]
    assert words == [1, 0, 1, 0, 1]
    assert [message.context for message in messages] == [{"code": "481 903"}] * 4
    assert {(message.subject, message.text) for message in messages[1::2]} == {(after.kind, after.kind)}


def test_a_sample_that_cannot_be_written_is_an_error_each_time(now):
    user = accounts.customer()
    shared = {"to": user.email, "user_id": user.pk, "locale": "en", "context": {}, "now": now}
    with outbox.samples():
        for number in range(2):
            with pytest.raises(TemplateDoesNotExist):
                outbox.put("no-such-kind", key=f"none:{number}", **shared)
    assert not Message.objects.exists()


def test_links_lead_to_pages_in_the_letters_language():
    links = {"shop": f"{settings.SITE_URL}/shop/", "lists": [["Guides", f"{settings.SITE_URL}/guides/?page=2"]], "n": 3}
    assert localised(links, locale="it") == {
        "shop": f"{settings.SITE_URL}/it/shop/",
        "lists": [["Guides", f"{settings.SITE_URL}/it/guides/?page=2"]],
        "n": 3,
    }
    assert localised(links, locale="en") == links
    with override("fr"):  # a page in another language sends the letter
        assert localised(links["shop"], locale="it") == f"{settings.SITE_URL}/it/shop/"
        assert localised(links["shop"], locale="en") == f"{settings.SITE_URL}/shop/"
    for other in ("https://elsewhere.example/shop/", f"{settings.SITE_URL}/admin/", "about /shop/"):
        assert localised(other, locale="it") == other
