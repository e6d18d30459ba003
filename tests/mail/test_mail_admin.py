"""Mail in the back office."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from apps.mail.models import Message
from tests.factories import accounts
from tests.mail.letters import put_service

pytestmark = pytest.mark.django_db

LIST = "admin:mail_message_changelist"


@pytest.fixture
def boss(client):
    user = accounts.staff()
    client.force_login(user)
    return user


def fail(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(
        status="failed", last_error="ConnectionRefusedError: nobody listens", next_attempt_at=None, attempts=6
    )


def act(client, action: str, *messages: Message):
    chosen = [message.pk for message in messages]
    return client.post(reverse(LIST), {"action": action, "_selected_action": chosen}, follow=True)


def test_list_and_search(client, boss, now):
    put_service(accounts.customer(), key="code:1", now=now, to="anna@example.com")
    put_service(accounts.customer(), key="code:2", now=now, to="bruno@example.com")
    body = client.get(reverse(LIST), {"q": "anna@"}).content.decode()
    assert "anna@example.com" in body
    assert "bruno@example.com" not in body
    assert client.get(reverse(LIST), {"status__exact": "failed"}).status_code == 200


def test_a_message_is_read_only_with_its_letter_in_a_frame(client, boss, now):
    message = put_service(accounts.customer(), key="code:1", now=now)
    body = client.get(reverse("admin:mail_message_change", args=[message.pk])).content.decode()
    assert f'src="{reverse("admin:mail_message_html", args=[message.pk])}"' in body
    assert "Message-ID" in body
    assert 'name="subject"' not in body
    assert 'name="_save"' not in body
    letter = client.get(reverse("admin:mail_message_html", args=[message.pk]))
    assert letter.status_code == 200
    assert "frame-ancestors 'self'" in letter["Content-Security-Policy"]
    assert "script-src" not in letter["Content-Security-Policy"]


def test_a_way_into_an_account_is_not_shown(client, boss, now):
    message = put_service(accounts.customer(), key="code:1", now=now, secret=True)
    body = client.get(reverse("admin:mail_message_change", args=[message.pk])).content.decode()
    assert "481 903" not in body
    assert "so it is not shown" in body
    assert client.get(reverse("admin:mail_message_html", args=[message.pk])).status_code == 403


def test_send_again_takes_the_failed_only_and_is_logged(client, boss, now):
    failed = put_service(accounts.customer(), key="code:1", now=now)
    pending = put_service(accounts.customer(), key="code:2", now=now)
    fail(failed)
    act(client, "send_again", failed, pending)
    failed.refresh_from_db()
    assert (failed.status, failed.attempts) == ("pending", 0)
    assert list(LogEntry.objects.values_list("user", "object_id")) == [(boss.pk, str(failed.pk))]


def test_cancel_takes_what_has_not_left(client, boss, now):
    failed = put_service(accounts.customer(), key="code:1", now=now)
    pending = put_service(accounts.customer(), key="code:2", now=now)
    sent = put_service(accounts.customer(), key="code:3", now=now)
    fail(failed)
    Message.objects.filter(pk=sent.pk).update(status="sent", sent_at=now)
    act(client, "cancel", failed, pending, sent)
    assert dict(Message.objects.values_list("key", "status")) == {
        "code:1": "cancelled",
        "code:2": "cancelled",
        "code:3": "sent",
    }


def test_the_message_page_asks_before_it_sends_again(client, boss, now):
    message = put_service(accounts.customer(), key="code:1", now=now)
    fail(message)
    url = reverse("admin:mail_message_send_this_again", args=[message.pk])
    assert "Send this message again?" in client.get(url).content.decode()
    message.refresh_from_db()
    assert message.status == "failed"
    response = client.post(url, {"_form_submitted": "True"}, headers={"hx-request": "true"})
    assert response["HX-Redirect"] == reverse("admin:mail_message_change", args=[message.pk])
    message.refresh_from_db()
    assert message.status == "pending"


def test_the_message_page_cancels(client, boss, now):
    message = put_service(accounts.customer(), key="code:1", now=now)
    url = reverse("admin:mail_message_cancel_this", args=[message.pk])
    response = client.post(url, {"_form_submitted": "True"})
    assert response.url == reverse("admin:mail_message_change", args=[message.pk])
    message.refresh_from_db()
    assert message.status == "cancelled"


def test_staff_who_may_only_look_change_nothing(client, now):
    reader = accounts.staff()
    reader.is_superuser = False
    reader.save()
    reader.user_permissions.add(Permission.objects.get(codename="view_message"))
    client.force_login(reader)
    message = put_service(accounts.customer(), key="code:1", now=now)
    assert client.get(reverse(LIST)).status_code == 200
    act(client, "cancel", message)
    url = reverse("admin:mail_message_cancel_this", args=[message.pk])
    assert client.post(url, {"_form_submitted": "True"}).status_code == 403
    message.refresh_from_db()
    assert message.status == "pending"
