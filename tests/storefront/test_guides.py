"""Guides: a preview for all, the rest for whom it is meant, and a record of who looked."""

import pytest
from django.urls import reverse

from apps.catalog.models import GuideView
from tests.factories import accounts, catalog, memberships

pytestmark = pytest.mark.django_db
SECRET = "Two parts lava, one part bark"


@pytest.fixture
def guide(stocked):
    return catalog.guide(
        slug="soil", name="Soil", description="The preview.", member_min_rank=2, body=f"## The mix\n\n{SECRET}."
    )


def read(client, guide) -> str:
    response = client.get(guide.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def test_a_stranger_reads_the_preview_and_is_told_what_opens_the_rest(client, guide):
    html = read(client, guide)
    assert "The preview." in html
    assert SECRET not in html
    assert "The rest is for Grove members" in html
    assert "<li>The mix</li>" in html
    assert f"{reverse('account_login')}?next=/guides/soil/" in html
    assert GuideView.objects.count() == 0


def test_a_member_below_reads_the_preview_and_it_is_recorded(client, guide, now):
    member = memberships.free_member(now=now).customer
    client.force_login(member)
    html = read(client, guide)
    assert SECRET not in html
    assert "Your Seedling membership opens the free guides" in html
    view = GuideView.objects.get()
    assert (view.customer, view.product, view.locked) == (member, guide, True)


def test_a_member_of_the_plan_reads_it_all(client, guide, gateway, now):
    client.force_login(memberships.member(gateway, now=now).customer)
    html = read(client, guide)
    assert "The preview." in html
    assert SECRET in html
    assert "The rest is for" not in html
    assert GuideView.objects.get().locked is False


def test_an_open_guide_is_read_by_all(client, stocked):
    html = read(client, catalog.guide(body=SECRET))
    assert SECRET in html
    assert "The rest is for" not in html


def test_reloading_is_one_reading(client, guide):
    client.force_login(accounts.customer())
    read(client, guide)
    read(client, guide)
    assert GuideView.objects.count() == 1


def test_a_head_request_is_no_reading(client, guide):
    client.force_login(accounts.customer())
    assert client.head(guide.get_absolute_url()).status_code == 200
    assert GuideView.objects.count() == 0


def test_the_list_says_what_is_open(client, guide, gateway, now):
    assert client.get("/guides/").content.decode().count("For members") == 8
    client.force_login(memberships.member(gateway, now=now).customer)
    html = client.get("/guides/").content.decode()
    assert (html.count("For members"), html.count("In your membership"), html.count("Free to read")) == (3, 5, 2)
