"""What is kept of a person beside our own tables: the gateway's cards, dj-stripe's mirror, a company's details."""

import pytest
from djstripe.models import Customer, Event

from apps.accounts import erasing
from apps.accounts.models import User
from apps.billing import webhooks
from apps.billing.models import BillingDetails, Card, Profile, TaxNumberTry
from apps.core.append_only import erasing as open_erasure
from apps.mail import delivery
from tests.factories import accounts, billing

pytestmark = pytest.mark.django_db


def erase(user: User, *, now) -> None:
    erasing.confirm(erasing.request(user, now=now).secret, now=now)
    delivery.deliver_due(now=now)
    assert erasing.carry_out_due(now=now) == 1


def test_no_card_stays_attached(gateway, now):
    user = billing.payer(gateway, now=now)
    card = Card.objects.get()
    erase(user, now=now)
    card.refresh_from_db()
    assert (card.detached_at, card.fingerprint) == (now, "")
    assert Profile.objects.get(user=user).default_card is None
    assert not Card.objects.usable().exists()


def test_a_companys_details(now):
    user = accounts.customer(country="DE")
    billing.company(user, now=now)
    assert BillingDetails.objects.get().company == "Zitrus GmbH"
    erase(user, now=now)
    kept = BillingDetails.objects.get()
    assert (kept.company, kept.line1, kept.city, kept.tax_number, kept.number_status) == ("", "", "", "", "unchecked")
    assert not TaxNumberTry.objects.exists()


def test_dj_stripes_mirror():
    told = {"id": "cus_1", "object": "customer", "email": "anna@example.com"}
    Customer.objects.create(id="cus_1", email="anna@example.com", stripe_data=told, livemode=False)
    for name, customer in (("evt_1", "cus_1"), ("evt_2", "cus_2")):
        about = {"object": {"id": "pi_1", "customer": customer, "receipt_email": "anna@example.com"}}
        Event.objects.create(id=name, type="payment_intent.succeeded", data=about, stripe_data=about, livemode=False)
    with open_erasure():
        webhooks.forget("cus_1")
    kept = Customer.objects.get(id="cus_1")
    assert (kept.email, kept.stripe_data) == ("", {"id": "cus_1", "object": "customer"})
    assert Event.objects.get(id="evt_1").data == {}
    assert Event.objects.get(id="evt_2").data["object"]["customer"] == "cus_2"
