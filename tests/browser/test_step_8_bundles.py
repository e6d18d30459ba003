"""Step 8: a bundle that is picked and picked again, and the page of saved addresses, on a phone and on a desk."""

import re

import pytest
from playwright.sync_api import Page, expect

from apps.accounts import address_book, addresses
from tests.factories.orders import BERLIN, HOME

from . import looks, people

BUNDLE = "/shop/first-tree-bundle/"


@pytest.mark.parametrize("width", [390, 1280])
def test_a_bundle_is_picked_and_picked_again(shop, open_page, snap, width):
    page: Page = open_page(BUNDLE, width=width)
    looks.check(page, "bundle", snap)
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_label("The pot").select_option(label="Impruneta pot, 26 cm")
    page.get_by_role("button", name="Add to basket").click()
    page.wait_for_url("**/basket/")
    item = page.locator(".basket__item")
    expect(item).to_contain_text("1 × Impruneta pot, 26 cm")
    item.get_by_text("Choose again").click()
    item.get_by_label("The pot").select_option(label="Impruneta pot, 32 cm")
    item.get_by_role("button", name=re.compile("Take these")).click()
    expect(item).to_contain_text("1 × Impruneta pot, 32 cm")
    expect(item).not_to_contain_text("1 × Impruneta pot, 26 cm")
    item.get_by_text("Choose again").click()
    looks.check(page, "basket-bundle", snap)
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("link", name="Go to checkout").click()
    page.wait_for_url("**/checkout/")
    expect(page.locator(".checkout__sum")).to_contain_text("In it: 1 × Lemon")


def test_addresses_are_kept_in_order(shop, open_page, snap):
    user = people.customer(shop, name="Ada Orto")
    page = open_page()
    people.sign_in(page, user)
    for one in (HOME, BERLIN):
        address_book.add(user, addresses.normalise(one) | {"phone": ""})
    page.goto("/account/addresses/")
    looks.check(page, "addresses", snap)
    page.get_by_role("button", name=re.compile("Use first .*Berlin")).click()
    expect(page.get_by_role("listitem").filter(has_text="Used first")).to_contain_text("BERLIN")
    page.get_by_role("link", name="Add an address").click()
    for country in ("DE", "IT"):
        # The fields are those of the country, once the shop has sent them.
        with page.expect_response("**/account/addresses/**"):
            page.get_by_label("Country").select_option(country)
        page.wait_for_load_state("networkidle")
    expect(page.get_by_label("Province or state")).to_have_count(1)
    looks.check(page, "address", snap)
    page.get_by_label("Street and number").fill("Via Appia 9")
    page.get_by_label("Postcode").fill("00179")
    page.get_by_label("City").fill("Roma")
    page.get_by_label("Province or state").select_option("RM")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/account/addresses/")
    expect(page.get_by_role("main")).to_contain_text("Via Appia 9")
