"""A new price of what sends goods: the same page, without a word of a membership."""

from datetime import timedelta

import pytest
from django.conf import settings

from apps.memberships.models import Subscription
from tests.factories import memberships as make
from tests.factories import promises as promised
from tests.storefront.pages import said

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(gateway, time_machine, now) -> Subscription:
    time_machine.move_to(now, tick=False)
    return make.box_subscriber(gateway, now=now - timedelta(days=1))


@pytest.mark.parametrize(
    ("without_consent", "answered", "kept"),
    [
        ("end", "Your subscription ends on", "My subscription to Small box ends on"),
        ("keep", "You keep your price of €29.00.", "I keep my subscription to Small box at €29.00 every month."),
    ],
)
def test_both_answers(client, member, now, without_consent, answered, kept):
    promised.planned(make.box_price(), 3100, now=now, without_consent=without_consent)
    address = f"/account/price/{promised.of(member).token}/"
    page = client.get(address)
    text = page.content.decode().split("<main")[1].split("</main>")[0]
    assert "embership" not in text
    assert f'href="{settings.SITE_URL}/account/boxes/seasonal-box/cancel/"' in text
    shown = page.context["form"].fingerprint
    client.post(address, {"shown": shown, "answer": "agree", "agree": "on"})
    assert "my subscription to Small box costs €31.00 every month instead of €29.00" in promised.of(member).consent.text
    shown = client.get(address).context["form"].fingerprint
    refused = client.post(address, {"shown": shown, "answer": "refuse"}, follow=True)
    assert said(refused)[-1].startswith(answered)
    assert kept in promised.of(member).consent.text
