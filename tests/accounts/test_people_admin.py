"""People in the back office, and the door to it."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.urls import NoReverseMatch, reverse

from apps.accounts import services
from apps.accounts.models import Consent, User
from tests.factories import accounts

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client) -> User:
    user = accounts.staff()
    client.force_login(user)
    return user


def test_the_door_is_the_shops_own_login(client):
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))
    boss = accounts.staff()
    login = f"{reverse('account_login')}?next=/admin/"
    response = client.post(login, {"login": boss.email, "password": accounts.PASSWORD})
    assert response.url == "/admin/"


def test_customers_do_not_get_in(client):
    client.force_login(accounts.customer())
    assert client.get("/admin/", follow=True).status_code == 403


def test_search_by_address_and_name(client, boss):
    accounts.customer(email="anna@example.com", name="Anna Rossi")
    accounts.customer(email="bruno@example.com", name="Bruno Bianchi")
    url = reverse("admin:accounts_user_changelist")
    for term in ["anna@exa", "Rossi"]:
        body = client.get(url, {"q": term}).content.decode()
        assert "anna@example.com" in body
        assert "bruno@example.com" not in body


def test_a_customers_page_shows_the_consents_read_only(client, boss, now):
    user = accounts.customer()
    services.set_marketing(user, granted=True, source="account", now=now)
    body = client.get(reverse("admin:accounts_user_change", args=[user.pk])).content.decode()
    assert "marketing-2026-11" in body
    assert 'name="consents-0-version"' not in body
    consent = Consent.objects.get()
    page = client.get(reverse("admin:accounts_consent_change", args=[consent.pk]))
    assert consent.text_hash in page.content.decode()
    assert client.post(reverse("admin:accounts_consent_delete", args=[consent.pk]), {"post": "yes"}).status_code == 403


def test_staff_enter_a_customer_who_can_log_in_at_once(client, boss):
    new = {
        "email": "New@Example.com",
        "name": "New Customer",
        "usable_password": "true",
        "password1": accounts.PASSWORD,
        "password2": accounts.PASSWORD,
    }
    response = client.post(reverse("admin:accounts_user_add"), new)
    assert response.status_code == 302
    user = User.objects.get(email="new@example.com")
    assert EmailAddress.objects.filter(user=user, verified=True, primary=True).exists()


def test_a_taken_address_is_refused_in_any_case(client, boss):
    accounts.customer(email="anna@example.com")
    new = {"email": "ANNA@example.com", "name": "Anna", "usable_password": "false"}
    response = client.post(reverse("admin:accounts_user_add"), new)
    assert response.status_code == 200
    assert "There is already an account with this address." in response.content.decode()
    assert User.objects.filter(email__startswith="anna").count() == 1


def test_nobody_is_deleted(client, boss):
    user = accounts.customer()
    assert client.post(reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=user.pk).exists()


def test_helpers_change_customers_but_not_staff_and_hand_out_no_rights(client, boss, settings):
    settings.LANGUAGES = [("en", "English"), ("it", "Italian")]
    helper = accounts.staff()
    helper.is_superuser = False
    helper.save()
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client.force_login(helper)
    customer = accounts.customer(name="Anna")
    url = reverse("admin:accounts_user_change", args=[customer.pk])
    form = {
        "name": "Anna Rossi",
        "locale": "it",
        "country": "IT",
        "time_zone": "Europe/Rome",
        "currency": "EUR",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "consents-TOTAL_FORMS": "0",
        "consents-INITIAL_FORMS": "0",
    }
    assert client.post(url, form).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.locale, customer.is_staff, customer.is_superuser) == (
        "Anna Rossi",
        "it",
        False,
        False,
    )
    assert client.post(reverse("admin:accounts_user_change", args=[boss.pk]), form).status_code == 403
    password = client.post(
        reverse("admin:auth_user_password_change", args=[boss.pk]),
        {"usable_password": "true", "password1": "a-stolen-tree-99", "password2": "a-stolen-tree-99"},
    )
    assert password.status_code == 403
    boss.refresh_from_db()
    assert boss.check_password(accounts.PASSWORD)


def test_a_second_factor_is_seen_without_its_secret(client, boss):
    user = accounts.customer()
    Authenticator.objects.create(user=user, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    body = client.get(reverse("admin:accounts_user_change", args=[user.pk])).content.decode()
    assert "JBSWY3DPEHPK3PXP" not in body
    assert "second factor" in body.lower()
    with pytest.raises(NoReverseMatch):
        reverse("admin:mfa_authenticator_changelist")
