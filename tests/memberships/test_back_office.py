"""What staff do: prices in versions, the parked queue, cancelling for a customer."""

import pytest
from django.urls import reverse

from apps.core import clock
from apps.memberships import services
from apps.memberships.models import History, Price, Subscription
from tests.factories import accounts
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    """A browser in which a member of staff is signed in."""
    client.staff = accounts.staff()
    client.force_login(client.staff)
    return client


def act(office, action: str, subscription: Subscription):
    address = reverse("admin:memberships_subscription_changelist")
    return office.post(address, {"action": action, "_selected_action": [subscription.pk]}, follow=True)


def test_a_price_gets_a_new_version(office, now):
    price = make.price("grove")
    page = office.get(reverse("admin:memberships_price_change", args=[price.pk]))
    assert page.status_code == 200
    address = reverse("admin:memberships_price_new_version", args=[price.pk])
    assert office.get(address).status_code == 200
    assert office.post(address, {"amount": "12.505"}).status_code == 200
    assert Price.objects.filter(plan=price.plan, currency="EUR", interval_unit="month").count() == 1

    office.post(address, {"amount": "12.50", "tax_included": "on"})
    price.refresh_from_db()
    assert price.closed_at is not None
    second = Price.objects.get(plan=price.plan, currency="EUR", interval_unit="month", version=2)
    assert (second.amount_minor, second.tax_included) == (1250, True)

    address = reverse("admin:memberships_price_new_version", args=[second.pk])
    assert "checked" in office.get(address).content.decode()
    office.post(address, {"amount": "10"})
    third = Price.objects.get(plan=price.plan, currency="EUR", interval_unit="month", version=3)
    assert (third.amount_minor, third.tax_included) == (1000, False)


def test_a_price_is_added_once_for_a_currency_and_interval(office):
    plan = make.plans()["grove"]
    facts = {"plan": plan.pk, "currency": "EUR", "amount": "33", "interval_unit": "month", "interval_count": 3}
    facts["trial_days"] = 0
    address = reverse("admin:memberships_price_add")
    assert office.post(address, facts).status_code == 302
    assert office.post(address, facts).status_code == 200
    added = Price.objects.get(plan=plan, interval_count=3)
    assert (added.version, added.amount_minor) == (1, 3300)


def test_the_parked_queue(office, gateway, now):
    parked = make.member(gateway, now=now, user=accounts.customer(name="Petra Parked"))
    make.member(gateway, now=now, user=accounts.customer(name="Fabio Fine"))
    services.park({parked.pk: "No tax rate"}, now=now)
    listed = office.get(reverse("admin:memberships_subscription_changelist"), {"parked": "yes"})
    assert "Petra Parked" in listed.content.decode()
    assert "Fabio Fine" not in listed.content.decode()
    act(office, "unpark", parked)
    parked.refresh_from_db()
    assert parked.parked_at is None
    assert History.objects.get(kind="unpark").actor == office.staff.email


def test_cancelling_for_a_customer_and_back(office, gateway):
    member = make.member(gateway, now=clock.now())
    act(office, "cancel", member)
    member.refresh_from_db()
    assert member.ends_at == member.current_end
    assert History.objects.get(kind="cancel").actor == office.staff.email
    act(office, "undo_cancel", member)
    answer = act(office, "undo_cancel", member)
    assert "not cancelled" in str(list(answer.context["messages"]))
    member.refresh_from_db()
    assert member.ends_at is None


def test_every_page_opens(office, gateway, now):
    member = make.member(gateway, now=now)
    services.change_plan(member.pk, make.price("estate").pk, customer=member.customer, now=now)
    for name in ("plan", "price", "subscription", "signup", "planchange", "trialuse"):
        assert office.get(reverse(f"admin:memberships_{name}_changelist")).status_code == 200
    for name, pk in (("plan", member.plan_id), ("subscription", member.pk)):
        assert office.get(reverse(f"admin:memberships_{name}_change", args=[pk])).status_code == 200
    for address in ("promotions_promotion", "promotions_redemption", "loyalty_pointsentry", "loyalty_earningrule"):
        assert office.get(reverse(f"admin:{address}_changelist")).status_code == 200
    refused = office.post(reverse("admin:memberships_subscription_change", args=[member.pk]), {"status": "ended"})
    assert refused.status_code == 403
