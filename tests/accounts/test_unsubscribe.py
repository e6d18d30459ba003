"""One-click unsubscribe (RFC 8058)."""

from urllib.parse import urlsplit

import pytest
from django.core.signing import Signer
from django.test import Client
from django.urls import reverse

from apps.accounts import services
from apps.accounts.models import Consent, User
from apps.core import clock
from apps.mail.delivery import deliver_due
from apps.mail.models import Message
from tests.factories import accounts
from tests.mail.letters import put_marketing

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict_client() -> Client:
    """A mail program: no session, no CSRF token, and the checks are on."""
    return Client(enforce_csrf_checks=True)


def path_for(user: User) -> str:
    return urlsplit(services.unsubscribe_url(user)).path


def test_reading_the_page_changes_nothing(strict_client):
    user = accounts.marketable(email="anna@example.com")
    response = strict_client.get(path_for(user))
    assert response.status_code == 200
    body = response.content.decode()
    assert "a…@example.com" in body
    assert "anna@example.com" not in body
    assert '<button class="btn"' in body
    user.refresh_from_db()
    assert user.accepts_marketing is True
    assert Consent.objects.count() == 1


def test_one_post_is_enough_and_is_honoured_at_once(strict_client, now):
    user = accounts.marketable()
    put_marketing(user, key="news:1", now=now)
    response = strict_client.post(path_for(user), {"List-Unsubscribe": "One-Click"})
    assert response.status_code == 200
    user.refresh_from_db()
    assert user.accepts_marketing is False
    assert Message.objects.get().status == "cancelled"
    last = Consent.objects.latest_of(user, "marketing")
    assert (last.granted, last.source, last.email) == (False, "unsubscribe-link", user.email)
    assert deliver_due(now=clock.now()) == 0


def test_a_second_post_changes_nothing(strict_client):
    user = accounts.marketable()
    answers = [strict_client.post(path_for(user)).status_code for _ in range(2)]
    assert answers == [200, 200]
    assert Consent.objects.filter(user=user, granted=False).count() == 1


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_link_is_refused_and_changes_nothing(strict_client, method):
    user, other = accounts.marketable(), accounts.marketable()
    signature = path_for(user).rstrip("/").rpartition(".")[2]
    for token in [f"{other.pk}.{signature}", f"{user.pk}", f"{user.pk}.", "nonsense", f"{user.pk}.{signature[:-1]}"]:
        response = getattr(strict_client, method)(reverse("unsubscribe", args=[token]))
        assert response.status_code == 404
        assert "This link does not work" in response.content.decode()
    assert User.objects.filter(accepts_marketing=True).count() == 2
    assert Consent.objects.filter(granted=False).count() == 0


def test_a_signature_made_for_something_else_is_refused():
    user = accounts.marketable()
    with pytest.raises(services.UnsubscribeLinkError):
        services.unsubscribe(Signer(sep=".", salt="other").sign(str(user.pk)), now=clock.now())
    user.refresh_from_db()
    assert user.accepts_marketing is True


def test_the_link_is_absolute_and_always_the_same():
    user = accounts.marketable()
    assert services.unsubscribe_url(user).startswith("http://127.0.0.1:8000/mail/unsubscribe/")
    assert services.unsubscribe_url(user) == services.unsubscribe_url(user)
