"""Which language a page is in, who is led where, and what search engines are told."""

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from apps.catalog.models import ProductStatus
from tests.factories import accounts, catalog

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client):
    user = accounts.customer(locale="it")
    client.force_login(user)
    return user


def choose(client, language: str, back: str = "/pricing/"):
    return client.post(reverse("set_language"), {"language": language, "next": back})


def test_each_language_has_its_own_address(client):
    for path, language in [("/", "en"), ("/it/", "it"), ("/fr/", "fr"), ("/ro/", "ro")]:
        html = client.get(path).content.decode()
        assert f'<html lang="{language}"' in html
        assert f'value="{language}" lang="{language}" aria-pressed="true"' in html
        assert f'<link rel="canonical" href="{settings.SITE_URL}{path}">' in html


def test_a_page_names_its_other_languages(client):
    html = client.get("/fr/pricing/").content.decode()
    addresses = {"en": "/pricing/", "it": "/it/pricing/", "ro": "/ro/pricing/", "x-default": "/pricing/"}
    for language, path in addresses.items():
        assert f'hreflang="{language}" href="{settings.SITE_URL}{path}">' in html


def test_who_prefers_a_language_is_led_there(client, reader):
    response = client.get("/account/?page=2")
    assert (response.status_code, response.url) == (302, "/it/account/?page=2")
    assert "Cookie" in response.headers["Vary"]


def test_a_cookie_is_enough(client):
    choose(client, "ro")
    assert client.get("/shop/").url == "/ro/shop/"


def test_a_language_in_the_address_wins(client, reader):
    assert '<html lang="fr"' in client.get("/fr/").content.decode()


def test_what_is_posted_is_not_led_away(client, reader):
    assert client.post(reverse("set_theme"), {"theme": "dark", "next": "/it/"}).url == "/it/"
    assert client.post("/pricing/").status_code == 405


def test_the_back_office_has_one_address(client):
    client.force_login(accounts.staff(locale="it"))
    html = client.get("/admin/").content.decode()
    assert 'lang="it"' in html


def test_choosing_a_language_stays(client, reader):
    response = choose(client, "fr", back="/it/account/?page=2")
    assert (response.status_code, response.url) == (302, "/fr/account/?page=2")
    assert client.cookies["django_language"].value == "fr"
    reader.refresh_from_db()
    assert reader.locale == "fr"


@pytest.mark.parametrize("language", ["de", "", "it-IT", "../x"])
def test_a_language_the_shop_does_not_speak_is_refused(client, reader, language):
    assert choose(client, language).status_code == 400
    assert "django_language" not in client.cookies
    reader.refresh_from_db()
    assert reader.locale == "it"


def test_somebody_elses_cookie_is_ignored(client):
    client.cookies["django_language"] = "klingon"
    assert client.get("/shop/").status_code == 200


def test_choosing_needs_post(client):
    assert client.get(reverse("set_language")).status_code == 405


def test_the_sitemap_names_every_public_page_in_every_language(client):
    shown = catalog.product(slug="lemon")
    catalog.product(slug="hidden", status=ProductStatus.DRAFT)
    index = client.get("/sitemap.xml").content.decode()
    assert index.count("<sitemap>") == 4
    assert "/sitemap-boxes.xml" in index
    assert "/sitemap-products.xml" in index
    products = client.get("/sitemap-products.xml").content.decode()
    with translation.override("it"):
        assert f"{shown.get_absolute_url()}</loc>" in products
    assert products.count("<url>") == 4
    assert products.count('hreflang="fr"') == 4
    assert "hidden" not in products
    assert client.get("/sitemap-others.xml").status_code == 404


def test_robots_find_the_sitemap_and_keep_out_in_every_language(client):
    lines = client.get("/robots.txt").content.decode().splitlines()
    assert "Disallow: /it/account/" in lines
    assert lines[-1].endswith("/sitemap.xml")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "21 things in it"),
        ("it", "contiene 21 articoli"),
        ("fr", "21 articles dedans"),
        ("ro", "21 de articole în coș"),
    ],
)
def test_every_page_counts_the_basket_in_each_language(client, language, said):
    """Romanian has three plural forms, which are told apart by arithmetic with the number."""
    variant = catalog.product(slug="spade", left=30).variants.get()
    client.post("/basket/add/", {"variant": variant.pk, "quantity": 21})
    prefix = "" if language == "en" else f"/{language}"
    for path in ("/", "/shop/", "/shop/spade/", "/basket/", "/checkout/", "/pricing/"):
        response = client.get(prefix + path)
        assert response.status_code == 200
        assert said in response.content.decode(), path
