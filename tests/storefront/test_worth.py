"""What a membership is worth to a visitor in front of a product or a guide."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.money import Money
from apps.memberships.models import Subscription
from apps.storefront import worth
from tests.factories import accounts, catalog, memberships


def page(client, path: str) -> str:
    return " ".join(client.get(path).content.decode().split())


@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_so_many_orders_pay_for_it_and_one_fewer_does_not(monthly, saving):
    orders = worth.orders_needed(Money(monthly, "EUR"), Money(saving, "EUR"))
    assert (orders - 1) * saving < monthly <= orders * saving


@pytest.mark.parametrize("saving", [Money(0, "EUR"), Money(-1, "EUR"), Money(5, "USD")])
def test_without_a_saving_nothing_pays(saving):
    with pytest.raises(ValueError, match="saved"):
        worth.orders_needed(Money(900, "EUR"), saving)


def test_the_average_saving_is_rounded_once():
    assert worth.average_saving(Money(301, "EUR"), orders=2) == Money(151, "EUR")
    assert worth.average_saving(Money(0, "EUR"), orders=0) is None


@pytest.mark.django_db
def test_a_visitor_is_told_when_it_pays_back(client, stocked, now):
    price = memberships.price("grove")
    saving = price.amount_minor // 2
    catalog.product(slug="spade", price=saving * 2, member_price=saving)
    html = page(client, "/shop/spade/")
    assert f"you would save {Money(saving, 'EUR')} on this" in html
    assert f"Grove costs {price.amount} a month: 2 orders like this a month pay for it" in html
    catalog.product(slug="rake", price=price.amount_minor * 3, member_price=price.amount_minor)
    assert "one order like this a month pays for it" in page(client, "/shop/rake/")
    catalog.product(slug="hoe", price=5000)
    assert "you would save" not in page(client, "/shop/hoe/")


@pytest.mark.django_db
def test_without_a_price_of_a_month_nothing_is_promised(db):
    memberships.plans()
    price = memberships.price("grove")
    assert worth.pay_back(Money(500, "EUR"), price) == worth.PayBack(price.plan, price.amount, Money(500, "EUR"))
    assert worth.pay_back(Money(500, "EUR"), None) is None
    assert worth.pay_back(Money(0, "EUR"), price) is None


@pytest.mark.django_db
def test_a_member_sees_points_and_no_advertisement(client, stocked, gateway, now):
    member = memberships.member(gateway, now=now).customer
    client.force_login(member)
    catalog.product(slug="spade", price=3000, member_price=2500)
    answer = client.get("/shop/spade/")
    html, points = answer.content.decode(), answer.context["points"]
    assert "you would save" not in html
    plan = Subscription.objects.get(customer=member).plan
    assert points == 25 * 5 * plan.points_percent // 100
    assert f"{points} points for you, worth {Money(points, 'EUR')}" in html
    client.force_login(accounts.customer())
    assert "points for you" not in page(client, "/shop/spade/")


@pytest.mark.django_db
def test_a_guide_says_why_and_until_when(client, stocked, gateway, now):
    membership = memberships.member(gateway, now=now)
    client.force_login(membership.customer)
    guide = catalog.guide(member_min_rank=2, slug="soil")
    html = page(client, guide.get_absolute_url())
    assert "You can read this because you are a Grove member, paid until" in html
    assert "You have read 1 guide for members so far." in html
    other = catalog.guide(member_min_rank=2)
    assert "You have read 2 guides for members so far." in page(client, other.get_absolute_url())
    assert "because you are" not in page(client, catalog.guide().get_absolute_url())


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "is_open"), [(29, False), (30, True), (31, True)])
def test_a_guide_opens_after_days_of_membership(client, stocked, gateway, now, days, is_open, monkeypatch):
    membership = memberships.member(gateway, now=now)
    guide = catalog.guide(member_min_rank=2, slug="soil", body="The secret mix.")
    guide.guide.available_after_days = 30
    guide.guide.save()
    client.force_login(membership.customer)
    Subscription.objects.filter(pk=membership.pk).update(started_at=now)
    monkeypatch.setattr("apps.core.clock.now", lambda: now + timedelta(days=days))
    html = page(client, "/guides/soil/")
    assert ("The secret mix." in html) is is_open
    assert ("The rest opens for you on 9 April 2026" in html or "April 9, 2026" in html) is not is_open
    assert ("Opens for you on" in page(client, "/guides/")) is not is_open
