"""Memberships with our compliments: never billed, no recurring revenue, gone when the customer buys."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from apps.billing.models import Invoice
from apps.core import clock
from apps.insights import numbers
from apps.mail.models import Message
from apps.memberships import clearing, errors, renewals, services
from apps.memberships.models import History, Price, Status, Subscription
from tests.factories import accounts
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(days=60)


def give(customer=None, slug="estate", *, now=NOW, **how) -> Subscription:
    facts = {"reason": "Won the photo contest", "actor": "staff@example.com", "now": now}
    return services.give_complimentary(customer or accounts.customer(), make.plans()[slug], **{**facts, **how})


def test_it_grants_the_plan_and_costs_nothing():
    comp = give(ends_at=UNTIL)
    assert (comp.status, comp.origin, comp.comp_reason) == (Status.ACTIVE, "comp", "Won the photo contest")
    assert (comp.plan.slug, comp.price.amount_minor, comp.next_bill_at) == ("estate", 0, None)
    assert comp.is_open_at(UNTIL - timedelta(seconds=1))
    assert not comp.is_open_at(UNTIL)
    assert numbers.mrr(now=NOW) == []
    assert History.objects.get(subscription=comp).actor == "staff@example.com"
    letter = Message.objects.get(kind="membership-complimentary").text
    assert "31 May 2026, 12:00" in letter
    assert "Nothing is ever charged" in letter
    assert not Message.objects.filter(kind="membership-confirmation").exists()

    assert renewals.bill_due(now=UNTIL) == 0
    assert clearing.end_due(now=UNTIL) == 1
    comp.refresh_from_db()
    assert (comp.status, comp.end_reason, comp.ended_at) == (Status.ENDED, "ran_out", UNTIL)
    assert not Invoice.objects.exists()


def test_the_price_it_stands_on_is_never_sold():
    give()
    give()
    price = Price.objects.get(plan__slug="estate", version=0)
    assert not price.is_on_sale_at(NOW)
    assert not Price.objects.on_sale(NOW).filter(plan__slug="estate", amount_minor=0).exists()
    assert services.new_price_version(make.price("estate"), amount_minor=6100, now=NOW).version == 2


def test_buying_any_plan_ends_it(gateway):
    comp = give()
    member = make.member(gateway, "grove", now=NOW + timedelta(days=1), user=comp.customer)
    comp.refresh_from_db()
    assert (comp.status, comp.end_reason) == (Status.ENDED, "upgraded")
    assert member.plan.slug == "grove"
    assert not Message.objects.filter(kind="membership-ended").exists()


def test_it_takes_the_place_of_a_free_membership():
    free = make.free_member(now=NOW)
    comp = give(free.customer)
    free.refresh_from_db()
    assert (free.status, Subscription.objects.current_of(free.customer)) == (Status.ENDED, comp)


@pytest.mark.parametrize("obstacle", ["member", "comp", "free", "reason", "past"])
def test_refusals_change_nothing(gateway, obstacle):
    customer, how, error = accounts.customer(), {}, errors.AlreadySubscribed
    match obstacle:
        case "member":
            make.member(gateway, now=NOW, user=customer)
        case "comp":
            give(customer)
        case "free":
            how, error = {"slug": "seedling"}, errors.UnknownPlan
        case "reason":
            how, error = {"reason": "  "}, errors.Refused
        case "past":
            how, error = {"ends_at": NOW}, errors.Refused
    before = Subscription.objects.count(), Message.objects.count()
    with pytest.raises(error):
        give(customer, **how)
    assert before == (Subscription.objects.count(), Message.objects.count())


def test_it_is_not_paused_and_its_end_is_not_undone():
    comp = give(ends_at=UNTIL)
    with pytest.raises(errors.CannotPause):
        services.request_pause(comp.pk, months=1, customer=comp.customer, now=NOW)
    with pytest.raises(errors.NothingToChange):
        services.undo_cancel(comp.pk, customer=comp.customer, now=NOW)
    comp.refresh_from_db()
    assert (comp.ends_at, comp.pause_at, comp.is_cancelling) == (UNTIL, None, False)


def test_a_customer_ends_one_without_an_end():
    comp = give()
    services.request_cancel(comp.pk, customer=comp.customer, now=NOW)
    comp.refresh_from_db()
    assert comp.status == Status.ENDED


@pytest.fixture
def office(client):
    client.staff = accounts.staff()
    client.force_login(client.staff)
    return client


def test_staff_give_and_end_it(office):
    customer, plan = accounts.customer(), make.plans()["conservatory"]
    address = reverse("admin:memberships_subscription_give_complimentary")
    assert office.get(address).status_code == 200
    facts = {"email": customer.email.upper(), "plan": plan.pk, "reason": "Partner", "last_day": "2099-12-31"}
    for wrong in ({"email": "nobody@example.com"}, {"plan": ""}, {"reason": ""}, {"last_day": "2001-01-01"}):
        assert office.post(address, facts | wrong).status_code == 200
    assert not Subscription.objects.exists()
    assert office.post(address, facts).status_code == 302
    comp = Subscription.objects.get()
    # The whole of the last day, in Rome.
    assert (comp.plan, comp.ends_at) == (plan, datetime(2099, 12, 31, 23, 0, tzinfo=UTC))

    listed = reverse("admin:memberships_subscription_changelist")
    assert "with our compliments" in office.get(listed).content.decode()
    assert office.get(reverse("admin:memberships_subscription_change", args=[comp.pk])).status_code == 200
    office.post(listed, {"action": "end_complimentary", "_selected_action": [comp.pk]})
    comp.refresh_from_db()
    assert (comp.status, comp.end_reason) == (Status.ENDED, "staff")


def test_staff_pause_and_resume_for_a_customer(office, gateway):
    member = make.member(gateway, now=clock.now())
    address = reverse("admin:memberships_subscription_pause", args=[member.pk])
    page = office.get(address)
    assert "The next period" in page.content.decode()
    assert office.post(address, {"months": "9"}).status_code == 200
    assert office.post(address, {"months": "2"}).status_code == 302
    member.refresh_from_db()
    assert member.pause_at == member.current_end
    assert History.objects.get(kind="pause").actor == office.staff.email
    assert office.get(address).status_code == 302

    listed = reverse("admin:memberships_subscription_changelist")
    refused = office.post(listed, {"action": "resume", "_selected_action": [member.pk]}, follow=True)
    assert "not paused" in str(list(refused.context["messages"]))
    office.post(listed, {"action": "undo_pause", "_selected_action": [member.pk]})
    member.refresh_from_db()
    assert member.pause_at is None
