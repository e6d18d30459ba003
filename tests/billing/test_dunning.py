"""Recovering unpaid invoices by policy."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.billing import collection, dunning, janitor, signals
from apps.billing.gateway import behaviours as cards
from apps.billing.models import DunningPolicy, Invoice, Payment, Recovery
from apps.mail.models import Message
from tests.factories import billing

from .reading import books, heard, history, mails

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LOST = cards.decline("lost_card", hard=True)


def pass_time(start: datetime, days: int) -> None:
    """One pass of the workers at the start of each day, in the order of their sweeps."""
    for day in range(days + 1):
        at = start + day * DAY
        collection.collect_due(now=at)
        janitor.check_due(now=at)
        dunning.advance_due(now=at)
        collection.collect_due(now=at)
        dunning.advance_due(now=at)


def attempts(invoice: Invoice, start: datetime) -> list[tuple[int, str]]:
    """Day and outcome of each payment."""
    return [((row.created_at - start).days, row.status) for row in invoice.payments.order_by("attempt")]


def test_a_card_that_never_works_is_tried_by_policy_and_then_given_up(gateway, now):
    user = billing.payer(gateway, script=(cards.decline("insufficient_funds"),), now=now)
    invoice = billing.invoice(user, now=now)
    with heard(signals.dunning_exhausted) as exhausted:
        pass_time(now, 9)
        assert Invoice.objects.get().status == "open"
        pass_time(now + 10 * DAY, 5)

    invoice.refresh_from_db()
    assert attempts(invoice, now) == [(day, "declined") for day in (0, 1, 3, 5, 7)]
    assert mails(user) == ["payment-failed", "payment-retry-reminder", "final-notice"]
    assert [(message.created_at - now).days for message in Message.objects.order_by("pk") if ":" in message.key][
        -3:
    ] == [0, 6, 7]
    assert invoice.status == "uncollectible"
    recovery = Recovery.objects.get()
    assert (recovery.status, recovery.ended_at) == ("exhausted", now + 10 * DAY)
    assert exhausted == [{"invoice_id": invoice.pk, "action": "end", "now": now + 10 * DAY}]
    # Ten of thirty-one days were served and are owed; the other twenty-one of them are neither.
    assert books() == {"bad_debt": 1290, "tax_payable": -523, "revenue_deferred": -767}
    assert history(recovery) == [("open", "exhausted")]


def test_a_card_that_works_again_recovers(gateway, now):
    user = billing.payer(gateway, script=(cards.decline("insufficient_funds", times=2),), now=now)
    invoice = billing.invoice(user, now=now)
    pass_time(now, 12)
    invoice.refresh_from_db()
    assert attempts(invoice, now) == [(0, "declined"), (1, "declined"), (3, "succeeded")]
    assert (invoice.status, invoice.paid_at) == ("paid", now + 3 * DAY)
    assert Recovery.objects.get().status == "recovered"
    assert mails(user) == ["payment-failed", "payment-recovered", "receipt"]


def test_a_hard_decline_is_never_sent_again_but_another_default_card_is(gateway, now):
    user = billing.payer(gateway, script=(LOST,), now=now)
    invoice = billing.invoice(user, now=now)
    pass_time(now, 4)
    assert attempts(invoice, now) == [(0, "declined")]
    assert mails(user) == ["payment-failed", "payment-retry-reminder", "payment-retry-reminder"]
    billing.add_card(gateway, user, now=now)
    pass_time(now + 5 * DAY, 1)
    assert attempts(invoice, now) == [(0, "declined"), (5, "succeeded")]


def test_a_hard_decline_to_the_end_gets_mails_and_one_notice(gateway, now):
    user = billing.payer(gateway, script=(LOST,), now=now)
    invoice = billing.invoice(user, now=now)
    pass_time(now, 11)
    assert attempts(invoice, now) == [(0, "declined")]
    # Days 1, 3, 5 instead of retries, day 6 by policy; on day 7 the final notice alone.
    assert mails(user) == ["payment-failed", *["payment-retry-reminder"] * 4, "final-notice"]
    assert Invoice.objects.get().status == "uncollectible"


def test_a_bank_that_wants_the_customer_gets_no_blind_retry_and_the_charge_is_closed_at_the_end(gateway, now):
    user = billing.payer(gateway, script=(cards.authenticate(),), now=now)
    invoice = billing.invoice(user, now=now)
    pass_time(now, 10)
    assert attempts(invoice, now) == [(0, "needs_action")]
    assert Invoice.objects.get().status == "uncollectible"
    janitor.check_due(now=now + 10 * DAY)
    assert attempts(invoice, now) == [(0, "cancelled")]


def test_a_customer_who_confirms_in_time_recovers(gateway, now):
    user = billing.payer(gateway, script=(cards.authenticate(),), now=now)
    invoice = billing.invoice(user, now=now)
    pass_time(now, 2)
    gateway.confirm(billing.payment_of(invoice).gateway_id)
    pass_time(now + 3 * DAY, 1)
    assert Invoice.objects.get().status == "paid"
    assert mails(user)[-2:] == ["payment-recovered", "receipt"]


def test_what_is_asked_of_the_customer_is_said_again_when_it_changes(gateway, now):
    user = billing.payer(gateway, script=(cards.decline("insufficient_funds", times=1), LOST), now=now)
    billing.invoice(user, now=now)
    pass_time(now, 1)
    assert mails(user) == ["payment-failed", "payment-failed"]
    asked = [message.context["ask"] for message in Message.objects.filter(kind="payment-failed").order_by("pk")]
    assert asked == ["retry", "new_card"]


def test_a_worker_that_comes_weeks_late_still_gives_the_promised_grace(gateway, now):
    user = billing.payer(gateway, script=(cards.decline(),), now=now)
    billing.invoice(user, now=now)
    pass_time(now, 0)
    late = now + 40 * DAY
    for _ in range(10):
        dunning.advance_due(now=late)
        collection.collect_due(now=late)
    assert Invoice.objects.get().status == "open"
    assert Recovery.objects.get().next_action_at == late + 3 * DAY
    assert Message.objects.get(kind="final-notice").context["next_at"] == "2026-04-22T09:30:00Z"
    dunning.advance_due(now=late + 3 * DAY)
    assert Invoice.objects.get().status == "uncollectible"


def test_stopping_withdraws_the_retry_and_leaves_the_invoice_open(gateway, now):
    user = billing.payer(gateway, script=(cards.decline(),), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    dunning.advance_due(now=now + DAY)
    dunning.stop(invoice.pk, reason="customer called", now=now + DAY)
    dunning.stop(invoice.pk, now=now + DAY)
    recovery = Recovery.objects.get()
    assert (recovery.status, recovery.changes.get().reason) == ("cancelled", "customer called")
    assert [row.status for row in invoice.payments.order_by("attempt")] == ["declined", "cancelled"]
    assert dunning.advance_due(now=now + 60 * DAY) == 0
    assert collection.collect_due(now=now + 60 * DAY) == 0
    assert Invoice.objects.get().status == "open"


def test_stopping_without_a_recovery_leaves_the_first_payment_alone(gateway, now):
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    dunning.stop(invoice.pk, now=now)
    assert billing.payment_of(invoice).status == "pending"


def test_a_new_version_of_a_policy_is_for_new_recoveries(gateway, now):
    first_user = billing.payer(gateway, script=(cards.decline(),), now=now)
    first = billing.invoice(first_user, now=now)
    collection.collect_due(now=now)
    made = dunning.new_policy_version("standard", retry_days=[2], mail_days=[], grace_days=0, is_current=True, now=now)
    second = billing.invoice(billing.payer(gateway, script=(cards.decline(),), now=now), now=now)
    collection.collect_due(now=now)
    assert (made.version, DunningPolicy.objects.default(), DunningPolicy.objects.latest("version")) == (2, made, made)
    assert (first.recovery.policy.version, first.recovery.next_action_at) == (1, now + DAY)
    assert (second.recovery.policy.version, second.recovery.next_action_at) == (2, now + 2 * DAY)
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_dunningpolicy SET grace_days = 30")


def test_a_policy_that_makes_no_sense_is_refused(now):
    with pytest.raises(dunning.BadPolicy) as refused:
        dunning.new_policy_version("harsh", retry_days=[5, 1], mail_days=[], grace_days=99, is_current=True, now=now)
    assert refused.value.fields == ["retry_days", "grace_days"]
    assert DunningPolicy.objects.default().name == "standard"
    assert DunningPolicy.objects.count() == 1


def test_a_failure_with_the_customer_present_starts_no_recovery(gateway, now):
    user = billing.payer(gateway, script=(cards.decline(),), now=now)
    invoice = billing.invoice(user, now=now, reason="change", on_session=True)
    collection.collect_now(billing.payment_of(invoice).pk, now=now)
    assert not Recovery.objects.exists()
    assert mails(user) == []
    assert Payment.objects.get().status == "declined"


@pytest.mark.parametrize("script", [cards.authenticate(), cards.decline("insufficient_funds")])
def test_a_customer_who_tries_to_pay_a_renewal_and_leaves_is_recovered(gateway, now, script):
    user = billing.payer(gateway, now=now)
    invoice = billing.invoice(user, now=now, collect_at=now + DAY)
    card = billing.add_card(gateway, user, script=(script,), now=now)
    collection.retry_with_card(invoice.pk, card_id=card.pk, on_session=True, now=now)
    assert (invoice.recovery.status, invoice.recovery.next_action_at) == ("open", now + DAY)
    assert mails(user) == []
    pass_time(now, 10)
    assert Invoice.objects.get().status == "uncollectible"


def test_a_page_that_died_before_charging_a_renewal_leaves_it_to_the_recovery(gateway, now):
    user = billing.payer(gateway, now=now)
    invoice = billing.invoice(user, now=now, collect_at=now + DAY)
    card = user.billing_profile.cards.get()
    payment = collection._new_attempt(invoice.pk, card_id=card.pk, on_session=True, now=now)
    assert janitor.check_due(now=now + timedelta(hours=1)) == 1
    payment.refresh_from_db()
    assert (payment.status, Recovery.objects.get().status, mails(user)) == ("cancelled", "open", [])
    pass_time(now + DAY, 1)
    assert Invoice.objects.get().status == "paid"
