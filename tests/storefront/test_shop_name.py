"""The shop's name is the merchant's: on every page, and in what customers agree to."""

import pytest

from apps.core.money import Money
from apps.storefront import terms

pytestmark = pytest.mark.django_db
NAME = "Limonaia & Sons"


def test_pages_and_consents_name_the_merchant(client, settings):
    settings.SHOP_NAME = NAME
    assert " · Limonaia &amp; Sons</title>" in client.get("/legal/terms/").content.decode()
    for term in (terms.gift(Money(1200, "EUR")), terms.order(Money(1200, "EUR"))):
        assert f"{NAME} charges my card €12.00 today, once" in term.text
