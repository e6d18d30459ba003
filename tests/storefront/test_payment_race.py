"""Two tabs and the workers at once, each with a card of its own: the invoice is paid once."""

from datetime import timedelta
from threading import Barrier

import pytest
from django.test import Client

from apps.billing import collection, dunning
from apps.billing import gateway as gateways
from apps.billing.gateway.behaviours import decline
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import Invoice, Payment, Recovery
from apps.mail.models import Message
from tests.crowds import at_once
from tests.factories import billing

pytestmark = pytest.mark.usefixtures("own_database")
DAY = timedelta(days=1)


class Meeting(Rehearsal):
    """A gateway that keeps nobody waiting but the one who reads a set-up, until all of them do."""

    def __init__(self, tabs: int) -> None:
        super().__init__()
        self.door = Barrier(tabs)

    def read_setup(self, setup_id: str) -> gateways.Setup:
        self.door.wait(timeout=30)
        return super().read_setup(setup_id)


def test_two_tabs_with_new_cards_and_the_sweeps_charge_once(now, time_machine):
    time_machine.move_to(now + DAY, tick=False)
    gateway = Meeting(tabs=2)
    with gateways.using(gateway):
        user = billing.payer(gateway, script=(decline("insufficient_funds"),), now=now)
        invoice = billing.invoice(user, now=now)
        collection.collect_due(now=now)
        address = f"/account/pay/{invoice.pay_token}/"
        tabs = [Client(), Client()]
        setups = [tab.get(address).context["client_secret"].removesuffix("_secret") for tab in tabs]
        for setup_id in setups:
            gateway.save_card(setup_id)

    def act(number):
        with gateways.using(gateway):
            if number < 2:
                return tabs[number].post(address, {"setup_intent": setups[number]}).status_code
            return dunning.advance_due(now=now + DAY) + collection.collect_due(now=now + DAY)

    results = at_once(4, act)
    assert results[:2] == [302, 302], results
    with gateways.using(gateway):
        for day in range(1, 12):
            dunning.advance_due(now=now + day * DAY)
            collection.collect_due(now=now + day * DAY)
    assert (Invoice.objects.get().status, Recovery.objects.get().status) == ("paid", "recovered")
    assert Payment.objects.succeeded().count() == 1
    assert len(gateway.export()["payment_intents"]) == 1
    assert Message.objects.filter(kind="receipt").count() == 1
