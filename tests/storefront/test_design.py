"""The page of components: for staff, complete."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from apps.storefront.views import design
from tests.factories import accounts, catalog

pytestmark = pytest.mark.django_db
COMPONENTS = {path.stem for path in (settings.BASE_DIR / "templates" / "components").glob("*.html")}
# Parts of the frame around every page, and the card form, which needs a payment.
ELSEWHERE = {"account_menu", "card_form", "footer", "header", "logo", "messages", "nav_links", "ribbon"}
# Included by others.
WITHIN = {"field", "form_errors"}


@pytest.mark.parametrize("who", [None, accounts.customer])
def test_it_is_not_there_for_customers(client, who):
    if who is not None:
        client.force_login(who())
    assert client.get(reverse("design")).status_code == 404


def test_staff_see_every_component(client):
    catalog.stock()
    client.force_login(accounts.staff())
    html = client.get(reverse("design")).content.decode()
    for name in (
        *design.COLOURS[0],
        "swatch--focus",
        "type-sample--3xl",
        "alert--error",
        "btn--danger",
        "badge--member",
    ):
        assert name in html
    assert 'aria-invalid="true"' in html


def test_no_component_is_forgotten():
    folder = settings.BASE_DIR / "templates" / "storefront" / "design"
    pages = "".join(path.read_text() for path in sorted(Path(folder).glob("*.html")))
    shown = set(re.findall(r"components/(\w+)\.html", pages))
    assert shown == COMPONENTS - ELSEWHERE - WITHIN


def test_no_colour_is_forgotten():
    tokens = (settings.BASE_DIR / "static" / "css" / "tokens.css").read_text()
    colours = tokens[tokens.index("/* colour: paper") : tokens.index("/* type */")]
    assert re.findall(r"--([\w-]+):", colours) == [name for row in design.COLOURS for name in row]
