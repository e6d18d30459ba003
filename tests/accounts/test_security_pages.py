"""Addresses, password, second factor: the pages work, and each change is told by mail."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.urls import reverse

from apps.accounts.models import User
from apps.mail.models import Message
from tests.factories import accounts

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(client) -> User:
    """A customer who has just logged in with the password."""
    user = accounts.customer(email="anna@example.com")
    client.post(reverse("account_login"), {"login": user.email, "password": accounts.PASSWORD})
    return user


def kinds() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("kind", flat=True))


def prove_again(client) -> None:
    """Give the password once more, as the pages of the second factor ask."""
    client.post(reverse("account_reauthenticate"), {"password": accounts.PASSWORD})


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


@pytest.mark.parametrize(
    "page",
    [
        "account_login",
        "account_signup",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
        "account_email_verification_sent",
        "account_inactive",
    ],
)
def test_entrance_pages_look_like_the_shop(client, page):
    response = client.get(reverse(page))
    body = response.content.decode()
    assert response.status_code == 200
    assert 'class="skip"' in body
    assert 'class="entrance"' in body
    assert "style=" not in body


@pytest.mark.parametrize("page", ["account_email", "account_change_password", "mfa_index", "mfa_activate_totp"])
def test_security_pages_look_like_the_shop(client, member, page):
    prove_again(client)
    body = client.get(reverse(page)).content.decode()
    assert 'class="tabs"' in body
    assert 'class="btn' in body
    assert "style=" not in body


def test_change_the_address_by_proving_the_new_one(client, member):
    client.post(reverse("account_email"), {"action_add": "", "email": "New@Example.com"})
    assert kinds() == ["account-email-confirmation"]
    link = re.search(r"(/accounts/confirm-email/\S+)", Message.objects.get().text)[1]
    member.refresh_from_db()
    assert member.email == "anna@example.com"
    client.post(link)
    client.post(reverse("account_email"), {"action_primary": "", "email": "new@example.com"})
    member.refresh_from_db()
    assert member.email == "new@example.com"
    assert kinds() == ["account-email-confirmation", "account-email-changed"]
    client.post(reverse("account_email"), {"action_remove": "", "email": "anna@example.com"})
    assert list(EmailAddress.objects.values_list("email", flat=True)) == ["new@example.com"]
    assert kinds()[-1] == "account-email-deleted"


def test_changing_the_password_is_told(client, member):
    new = "quite-another-tree-43"
    client.post(
        reverse("account_change_password"), {"oldpassword": accounts.PASSWORD, "password1": new, "password2": new}
    )
    member.refresh_from_db()
    assert member.check_password(new)
    assert kinds() == ["account-password-changed"]


def test_second_factor_on_used_and_off(client, member, django_capture_on_commit_callbacks):
    asked = client.get(reverse("mfa_activate_totp"))
    assert asked.url.startswith(reverse("account_reauthenticate"))
    prove_again(client)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert 'class="qr"' in page.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)})
    assert set(Authenticator.objects.values_list("type", flat=True)) == {"totp", "recovery_codes"}
    assert kinds() == ["account-totp-activated"]
    codes = client.get(reverse("mfa_view_recovery_codes"))
    assert "<textarea" in codes.content.decode()

    client.post(reverse("account_logout"))
    half = client.post(reverse("account_login"), {"login": member.email, "password": accounts.PASSWORD})
    assert half.url == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session
    recovery = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    client.post(reverse("mfa_authenticate"), {"code": recovery})
    assert int(client.session["_auth_user_id"]) == member.pk

    prove_again(client)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_generate_recovery_codes"))
    assert kinds()[-1] == "account-recovery-codes-generated"
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(type="totp").exists()
    assert kinds()[-1] == "account-totp-deactivated"


def test_a_wrong_code_does_not_turn_it_on(client, member):
    prove_again(client)
    client.get(reverse("mfa_activate_totp"))
    response = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert list(response.context["form"].errors) == ["code"]
    assert not Authenticator.objects.exists()
    assert kinds() == []
