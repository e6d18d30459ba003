"""What staff do with stock: deliveries and counts through a form, and the list of what runs low."""

import re
from uuid import uuid4

import pytest
from django.urls import reverse

from apps.catalog.models import ProductPrice, Stock, StockMove, Variant
from tests.factories import accounts, catalog

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    """A browser in which a member of staff is signed in."""
    client.staff = accounts.staff()
    client.force_login(client.staff)
    return client


def page_of(variant: Variant) -> str:
    return reverse("admin:catalog_variant_change_stock", args=[variant.pk])


def post(office, variant: Variant, what: str, pieces, occasion=None):
    return office.post(page_of(variant), {"what": what, "pieces": pieces, "occasion": occasion or uuid4()})


def listed(office, level: str) -> list[str]:
    page = office.get(reverse("admin:catalog_variant_changelist"), {"level": level})
    return [variant.sku for variant in page.context["cl"].result_list]


def test_a_delivery_is_added_once_however_often_the_form_is_sent(office):
    spade = catalog.product(left=2).variants.get()
    occasion = re.search(r'name="occasion" value="([^"]+)"', office.get(page_of(spade)).content.decode())[1]
    for _twice in range(2):
        assert post(office, spade, "received", 10, occasion).status_code == 302
    assert Stock.objects.get(variant=spade).available == 12
    move = StockMove.objects.get(kind="received")
    assert (move.quantity, move.actor) == (10, office.staff.get_username())


def test_a_count_replaces_the_number(office):
    spade = catalog.product(left=12).variants.get()
    post(office, spade, "counted", 9)
    assert Stock.objects.get(variant=spade).available == 9
    assert StockMove.objects.latest("pk").quantity == -3


@pytest.mark.parametrize(
    ("what", "pieces"), [("received", 0), ("received", -1), ("counted", -1), ("lost", 1), ("counted", "many")]
)
def test_senseless_forms_change_nothing(office, what, pieces):
    spade = catalog.product(left=2).variants.get()
    response = post(office, spade, what, pieces)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert Stock.objects.get(variant=spade).available == 2
    assert StockMove.objects.count() == 1


def test_only_those_who_may_change_stock_get_the_form(client):
    helper = accounts.staff()
    helper.is_superuser = False
    helper.save()
    client.force_login(helper)
    spade = catalog.product(left=2).variants.get()
    assert post(client, spade, "counted", 9).status_code == 403
    assert Stock.objects.get(variant=spade).available == 2


def test_the_list_shows_what_runs_low(office):
    few, none, many, uncounted = (catalog.product(left=left).variants.get().sku for left in (5, 0, 6, None))
    assert set(listed(office, "low")) == {few, none}
    assert listed(office, "none") == [none]
    assert listed(office, "uncounted") == [uncounted]
    assert len(listed(office, "")) == 4
    assert many not in listed(office, "low")


def test_prices_are_edited_beside_their_variant(office):
    spade = catalog.product(price=5000).variants.get()
    price = spade.prices.get()
    form = {
        "product": spade.product_id, "sku": spade.sku, "name": "", "weight_grams": 0, "position": 0, "is_active": "on",
        "prices-TOTAL_FORMS": 2, "prices-INITIAL_FORMS": 1, "prices-0-id": price.pk, "prices-0-variant": spade.pk,
        "prices-0-currency": "EUR", "prices-0-amount_minor": 4500, "prices-0-member_amount_minor": "",
        "prices-1-variant": spade.pk, "prices-1-currency": "USD", "prices-1-amount_minor": 5200,
        "prices-1-member_amount_minor": 4800, "moves-TOTAL_FORMS": 0, "moves-INITIAL_FORMS": 0,
    }  # fmt: skip
    response = office.post(reverse("admin:catalog_variant_change", args=[spade.pk]), form)
    assert response.status_code == 302, response.context["errors"]
    prices = ProductPrice.objects.filter(product=spade.product).order_by("currency")
    assert list(prices.values_list("currency", "amount_minor", "member_amount_minor")) == [
        ("EUR", 4500, None),
        ("USD", 5200, 4800),
    ]
