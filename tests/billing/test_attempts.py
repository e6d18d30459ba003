"""How often, and with which card, an invoice may be tried."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.billing import attempts, collection, dunning, rules
from apps.billing.gateway import behaviours as cards
from apps.billing.models import Invoice, Payment, Recovery
from tests.factories import billing

from .reading import mails
from .test_dunning import DAY, LOST, pass_time

pytestmark = pytest.mark.django_db
NO_FUNDS = cards.decline("insufficient_funds")


def owing(gateway, now, *, script=(NO_FUNDS,)) -> Invoice:
    """An invoice that was tried once in vain."""
    invoice = billing.invoice(billing.payer(gateway, script=script, now=now), now=now)
    collection.collect_due(now=now)
    return invoice


def retry(invoice: Invoice, *, now, card=None, on_session: bool = False) -> Payment:
    card = card or attempts.default_card(invoice)
    return collection.retry_with_card(invoice.pk, card_id=card.pk, on_session=on_session, now=now)


def statuses(invoice: Invoice) -> list[str]:
    return list(invoice.payments.order_by("attempt").values_list("status", flat=True))


@pytest.mark.parametrize(
    ("days", "within", "tries"),
    [
        ([1, 3, 5, 7], 14, 5),
        ([1, 2, 3, 4, 5, 6, 7], 14, 8),
        ([13], 14, 2),
        ([14], 14, 1),
        ([14, 15, 16], 14, 3),
        ([20, 40], 60, 3),
    ],
)
def test_the_most_tries_in_so_many_days(days, within, tries):
    assert rules.most_tries(days, within) == tries


@pytest.mark.parametrize(
    ("days", "changes", "wrong"),
    [
        ([1, 2, 3, 4, 5, 6, 7], {}, []),
        ([1, 2, 3, 4, 5, 6, 7, 8], {}, ["max_tries"]),
        ([1, 2, 3, 4, 5, 6, 7, 14], {}, []),
        ([20, 21, 22, 23, 24, 25, 26, 27, 28], {}, ["max_tries"]),
        ([1, 2, 3, 4, 5, 6, 7, 14], {"within_days": 15}, ["max_tries"]),
        ([1, 2, 3, 4, 5, 6, 7, 8], {"max_tries": 9}, []),
        ([1], {"max_tries": 16}, ["max_tries"]),
        ([1], {"max_tries": 1}, ["max_tries"]),
        ([1], {"within_days": 13}, ["tries_within_days"]),
    ],
)
def test_a_policy_that_tries_too_often_is_refused(days, changes, wrong):
    assert rules.check_policy(days, [], 3, **changes) == wrong


def test_the_customers_own_tries_count_and_the_shop_stops_at_eight(gateway, now):
    invoice = owing(gateway, now)
    for minute in range(4):
        retry(invoice, now=now + timedelta(minutes=minute), on_session=True)
    pass_time(now, 7)
    # Of the retries on days 1, 3, 5 and 7 the last is left out: a reminder goes in its place, and the notice.
    assert statuses(invoice) == ["declined"] * 8
    assert mails(invoice.customer) == ["payment-failed", "payment-retry-reminder", "final-notice"]
    before = Payment.objects.count()
    with pytest.raises(attempts.TooManyTries):
        retry(invoice, now=now + 8 * DAY)
    assert (Payment.objects.count(), Recovery.objects.get().status) == (before, "open")


def test_tries_count_for_fourteen_days_and_the_customer_may_always_pay(gateway, now):
    invoice = owing(gateway, now, script=(cards.decline("insufficient_funds", times=9),))
    for minute in range(7):
        retry(invoice, now=now + timedelta(minutes=minute), on_session=True)
    almost = now + timedelta(days=14) - timedelta(seconds=1)
    with pytest.raises(attempts.TooManyTries):
        retry(invoice, now=almost)
    assert attempts.tries_left(invoice, now=almost) == 0
    assert retry(invoice, now=almost, on_session=True).status == "declined"
    assert retry(invoice, now=almost + timedelta(minutes=8), on_session=True).status == "succeeded"


def test_after_fourteen_days_the_shop_may_try_again(gateway, now):
    invoice = owing(gateway, now, script=(cards.decline("insufficient_funds", times=8),))
    for _ in range(7):
        retry(invoice, now=now, on_session=True)
    assert retry(invoice, now=now + timedelta(days=14)).status == "succeeded"


def test_the_database_itself_counts(gateway, now):
    invoice = owing(gateway, now)
    made = [
        {"invoice": invoice, "attempt": number, "amount_minor": 2900, "currency": "EUR", "due_at": now}
        for number in range(2, 10)
    ]
    refused = {"created_at": now, "status": "declined", "decline_code": "x", "settled_at": now, "sent_at": now}
    Payment.objects.bulk_create([Payment(**facts, **refused) for facts in made[:7]])
    with pytest.raises(IntegrityError, match="was tried 8 times"), transaction.atomic():
        Payment.objects.create(**made[7], created_at=now + 13 * DAY)
    Payment.objects.create(**made[7], created_at=now + 14 * DAY)


def test_a_policys_own_cap_is_kept_by_the_database_too(gateway, now):
    dunning.new_policy_version(
        "standard", retry_days=[1], mail_days=[], grace_days=1, max_tries=2, is_current=True, now=now
    )
    invoice = owing(gateway, now)
    pass_time(now + DAY, 0)
    assert statuses(invoice) == ["declined", "declined"]
    with pytest.raises(IntegrityError, match="was tried 2 times"), transaction.atomic():
        Payment.objects.create(
            invoice=invoice, attempt=3, amount_minor=2900, currency="EUR", due_at=now, created_at=now + DAY
        )


@pytest.mark.parametrize("on_session", [True, False])
def test_a_card_that_the_bank_forbids_is_not_tried_again_by_anybody(gateway, now, on_session):
    invoice = owing(gateway, now, script=(LOST,))
    with pytest.raises(attempts.CardBarred):
        retry(invoice, now=now, on_session=on_session)
    assert statuses(invoice) == ["declined"]
    good = billing.add_card(gateway, invoice.customer, now=now)
    assert retry(invoice, now=now, card=good, on_session=on_session).status == "succeeded"


def test_a_card_is_barred_even_when_another_was_tried_since(gateway, now):
    invoice = owing(gateway, now, script=(LOST,))
    lost = attempts.default_card(invoice)
    other = billing.add_card(gateway, invoice.customer, script=(NO_FUNDS,), now=now)
    retry(invoice, now=now, card=other, on_session=True)
    with pytest.raises(attempts.CardBarred):
        retry(invoice, now=now, card=lost)
    assert statuses(invoice) == ["declined", "declined"]


def test_what_waits_for_the_customer_is_neither_closed_nor_doubled_without_them(gateway, now):
    invoice = owing(gateway, now, script=(cards.authenticate(),))
    with pytest.raises(attempts.CustomerNeeded):
        retry(invoice, now=now)
    assert statuses(invoice) == ["needs_action"]
    gateway.confirm(billing.payment_of(invoice).gateway_id)
