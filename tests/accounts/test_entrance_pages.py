"""Every page under /accounts/ opens, those that no page of the shop leads to as well."""

import pytest
from django.test import Client
from django.urls import get_resolver

from tests.factories import accounts

pytestmark = pytest.mark.django_db

PREFIX = "accounts/"
# Not there for whoever has none.
_OF_A_SECOND_FACTOR = {
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/download/",
    "/accounts/2fa/totp/deactivate/",
}


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
    statuses: dict[int, list[str]] = {}
    for path in sorted(_entrance()):
        client = Client()
        if known:
            client.force_login(accounts.customer(), backend="allauth.account.auth_backends.AuthenticationBackend")
        response = client.get(language + path, follow=True)
        statuses.setdefault(response.status_code, []).append(path)
    assert set(statuses) <= {200, 404}
    assert set(statuses.get(404, [])) == (_OF_A_SECOND_FACTOR if known else set())


@pytest.mark.parametrize("language", ["", "/ro"])
def test_the_list_of_sessions_is_that_of_the_settings(client, language):
    user = accounts.customer(locale="ro" if language else "en")
    client.force_login(user)
    assert client.get(f"{language}/accounts/sessions/").url == f"{language}/account/settings/"
