"""Which dunning policy an invoice follows, and what it does in the end."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.billing import attempts as trying
from apps.billing import collection, dunning, signals
from apps.billing.gateway import behaviours as cards
from apps.billing.models import DunningPolicy, Invoice, Recovery
from apps.core.money import Money
from apps.mail.models import Message
from tests.factories import billing

from .reading import books, heard, mails
from .test_dunning import DAY, attempts, pass_time

pytestmark = pytest.mark.django_db


def policy(name: str, *, now, **changes) -> DunningPolicy:
    """A policy in force: one retry after two days, and two days of grace."""
    facts = {"retry_days": [2], "mail_days": [], "grace_days": 2, "is_current": True, "now": now}
    return dunning.new_policy_version(name, **{**facts, **changes})


def in_force() -> list[str]:
    return sorted(str(row) for row in DunningPolicy.objects.in_force())


@pytest.mark.parametrize(
    ("changes", "followed"),
    [
        ({}, "euro"),
        ({"scope": "estate"}, "estate"),
        ({"scope": "seedling"}, "euro"),
        ({"lines": "large"}, "large"),
        ({"lines": "large", "scope": "estate"}, "estate"),
        ({"currency": "USD"}, "standard"),
        ({"currency": "USD", "lines": "large"}, "standard"),
        ({"currency": "USD", "lines": "large", "scope": "estate"}, "large estate"),
    ],
)
def test_the_policy_that_fits_most_closely_is_followed(gateway, now, changes, followed):
    policy("estate", scope="estate", now=now)
    policy("large estate", scope="estate", minimum=Money(10_000, "USD"), now=now)
    policy("euro", currency="EUR", now=now)
    policy("large", minimum=Money(10_000, "EUR"), now=now)
    policy("retired", scope="seedling", is_current=False, now=now)
    if changes.get("lines"):
        changes = changes | {"lines": [billing.plan_line(10_000, start=now)]}
    user = billing.payer(gateway, script=(cards.decline(),), now=now)
    invoice = billing.invoice(user, now=now, **changes)
    collection.collect_due(now=now)
    assert invoice.recovery.policy.name == followed


def test_a_minimum_is_reached_exactly(gateway, now):
    policy("large", minimum=Money(2_900, "EUR"), now=now)
    user = billing.payer(gateway, script=(cards.decline(),), now=now)
    least = billing.invoice(user, now=now)
    below = billing.invoice(user, now=now, lines=[billing.plan_line(2_899, start=now)])
    collection.collect_due(now=now)
    assert (least.recovery.policy.name, below.recovery.policy.name) == ("large", "standard")


def test_a_policy_takes_the_place_of_the_one_with_the_same_conditions(now):
    policy("estate", scope="estate", now=now)
    policy("gentle", scope="estate", now=now)
    policy("kind", now=now)
    assert in_force() == ["gentle v1", "kind v1"]
    policy("gentle", scope="grove", now=now)
    policy("gentle", is_current=False, now=now)
    assert in_force() == ["kind v1"]


@pytest.mark.parametrize(("changes", "field"), [({"scope": "estate"}, "scope"), ({"is_current": False}, "is_current")])
def test_one_policy_for_all_other_invoices_always_remains(now, changes, field):
    with pytest.raises(dunning.BadPolicy) as refused:
        policy("standard", now=now, **changes)
    assert refused.value.fields == [field]
    assert in_force() == ["standard v1"]
    assert DunningPolicy.objects.count() == 1


def test_the_database_refuses_a_minimum_without_a_currency_and_two_of_one_kind(now):
    made = policy("estate", scope="estate", now=now)
    for wrong in ({"minimum_minor": 5}, {"scope": "estate"}, {"max_tries": 99}, {"final_action": "shout"}):
        facts = {"name": "wrong", "version": 1, "is_current": True, "created_at": now, **wrong}
        with pytest.raises(IntegrityError), transaction.atomic():
            DunningPolicy.objects.create(**facts)
    assert DunningPolicy.objects.latest("pk") == made


def test_a_policy_that_writes_off_lets_what_was_sold_go_on(gateway, now):
    policy("kind", final_action="write_off", now=now)
    user = billing.payer(gateway, script=(cards.decline(),), now=now)
    invoice = billing.invoice(user, now=now)
    with heard(signals.dunning_exhausted) as exhausted:
        pass_time(now, 5)
    assert exhausted == [{"invoice_id": invoice.pk, "action": "write_off", "now": now + 4 * DAY}]
    assert (Invoice.objects.get().status, Recovery.objects.get().status) == ("uncollectible", "exhausted")
    assert books()["bad_debt"] == 2900
    notice = Message.objects.get(kind="final-notice")
    assert notice.subject == "Please pay €29.00 by 14 March 2026"
    assert "your membership goes on, and its next payment is due as agreed" in notice.text
    assert "ends on that day" not in notice.html


def test_a_policy_that_leaves_the_invoice_open_stops_and_can_still_be_paid(gateway, now):
    policy("patient", final_action="leave_open", now=now)
    user = billing.payer(gateway, script=(cards.decline("insufficient_funds", times=2),), now=now)
    invoice = billing.invoice(user, now=now)
    with heard(signals.dunning_exhausted) as exhausted:
        pass_time(now, 30)
    assert exhausted == [{"invoice_id": invoice.pk, "action": "leave_open", "now": now + 4 * DAY}]
    assert (Invoice.objects.get().status, Recovery.objects.get().status) == ("open", "exhausted")
    assert attempts(invoice, now) == [(0, "declined"), (2, "declined")]
    assert mails(user) == ["payment-failed", "final-notice"]
    assert "one of us will look into it" in Message.objects.get(kind="final-notice").text
    assert books() == {"receivable": 2900, "tax_payable": -523, "revenue_deferred": -2377}
    assert list(Recovery.objects.left_open()) == [invoice.recovery]

    card = trying.default_card(invoice)
    collection.retry_with_card(invoice.pk, card_id=card.pk, on_session=True, now=now + timedelta(days=40))
    assert Invoice.objects.get().status == "paid"
    assert not Recovery.objects.unpaid().exists()
    assert mails(user)[2:] == ["receipt"]
