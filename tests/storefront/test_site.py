"""Appearance, robots, health, and the pages of errors."""

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from config.admin_navigation import navigation
from tests.factories import accounts

pytestmark = pytest.mark.django_db


def choose(client, **data):
    return client.post(reverse("set_theme"), data)


def test_the_chosen_appearance_stays(client):
    assert "data-theme" not in client.get("/").content.decode()
    response = choose(client, theme="dark", next="/pricing/")
    assert (response.status_code, response.url) == (302, "/pricing/")
    html = client.get("/").content.decode()
    assert '<html lang="en" data-theme="dark">' in html
    assert 'value="dark" aria-pressed="true"' in html
    choose(client, theme="system")
    assert "data-theme" not in client.get("/").content.decode()


def test_an_unknown_appearance_is_refused(client):
    assert choose(client, theme="sepia").status_code == 400
    assert "theme" not in client.cookies


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
def test_the_way_back_stays_in_the_shop(client, back):
    assert choose(client, theme="dark", next=back).url == "/"


def test_appearance_needs_post(client):
    assert client.get(reverse("set_theme")).status_code == 405


def test_robots_are_kept_out_of_what_is_private(client):
    response = client.get("/robots.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Disallow: /account/\n" in response.content.decode()


def test_health(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert client.get("/health/").content == b"ok"


def test_favicon(client):
    response = client.get("/favicon.ico")
    assert (response.status_code, response.url) == (301, "/static/favicon.svg")


def test_the_page_of_a_breakdown_needs_neither_database_nor_context(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert "Something broke on our side" in render_to_string("500.html")


def test_every_link_of_the_back_office_works_and_follows_rights(client, rf):
    staff, other = accounts.staff(), accounts.customer()
    client.force_login(staff)
    request = rf.get("/admin/")
    links = [link for group in navigation(request) for link in group["items"]]
    assert len(links) > 25
    for link in links:
        # One that has a single row leads on to it.
        assert client.get(link["link"], follow=True).status_code == 200, link["title"]
    for link in links:
        if "permission" in link:
            request.user = staff
            assert link["permission"](request) is True
            request.user = other
            assert link["permission"](request) is False
