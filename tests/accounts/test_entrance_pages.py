"""Every page under /accounts/ opens, those that no page of the shop leads to as well."""

import pytest
from django.test import Client
from django.urls import get_resolver

from tests.factories import accounts

pytestmark = pytest.mark.django_db

PREFIX = "accounts/"


def _addresses(patterns, prefix: str = "") -> set[str]:
    found = set()
    for one in patterns:
        path = prefix + str(one.pattern).removeprefix("^").removesuffix("$")
        if hasattr(one, "url_patterns"):
            found |= _addresses(one.url_patterns, path)
        elif not set("<(\\") & set(path):
            found.add("/" + path)
    return found


def _entrance() -> set[str]:
    found = {path for path in _addresses(get_resolver().url_patterns) if path.startswith("/" + PREFIX)}
    assert {"/accounts/login/", "/accounts/sessions/", "/accounts/2fa/"} <= found
    return found


@pytest.mark.parametrize("known", [False, True], ids=["a stranger", "a customer"])
@pytest.mark.parametrize("language", ["", "/ro"])
def test_every_page_opens(known, language):
    for path in sorted(_entrance()):
        client = Client()
        if known:
            client.force_login(accounts.customer(), backend="allauth.account.auth_backends.AuthenticationBackend")
        response = client.get(language + path, follow=True)
        assert response.status_code in (200, 403, 404, 405), f"{path}: {response.status_code}"


def test_the_list_of_sessions_is_a_table_of_the_shop(client):
    user = accounts.customer()
    client.post("/accounts/login/", {"login": user.email, "password": accounts.PASSWORD})
    page = client.get("/accounts/sessions/")
    assert page.status_code == 200
    assert '<table class="table">' in page.content.decode()
    assert len(page.context["sessions"]) == 1
