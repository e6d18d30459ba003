"""What must hold after any disaster: nothing doubled, nothing lost, the books balance, all states are final."""

from __future__ import annotations

import json
from datetime import datetime

from django.db.models import Count, Sum

from apps.billing.models import Invoice, LedgerEntry, Payment
from apps.mail.models import Message
from apps.memberships.models import Period, Subscription
from tests import stack as stacks

PRICE = 1200  # minor units: Grove, monthly


def assert_sound(shop: stacks.Stack, subscriptions: list[Subscription], *, starts: list[datetime]) -> None:
    """Each of the subscriptions was billed and charged once for each of the periods that begin at `starts`."""
    assert_billed_once(subscriptions, starts=starts)
    assert_charged_once(shop, times=len(subscriptions) * len(starts))
    assert_books_balance(cash=PRICE * len(subscriptions) * len(starts))


def assert_billed_once(subscriptions: list[Subscription], *, starts: list[datetime]) -> None:
    """One period and one paid invoice for each, and the numbers have no gap."""
    for start in starts:
        periods = Period.objects.filter(start=start)
        assert periods.count() == len(subscriptions)
        assert periods.values("subscription").distinct().count() == len(subscriptions)
    times = len(subscriptions) * len(starts)
    assert Invoice.objects.count() == times
    assert set(Invoice.objects.values_list("status", "total_minor", "due_minor")) == {("paid", PRICE, PRICE)}
    assert set(Invoice.objects.values_list("serial", flat=True)) == set(range(1, times + 1))
    renewed = Subscription.objects.filter(pk__in=[subscription.pk for subscription in subscriptions])
    assert set(renewed.values_list("status", "current_start", "parked_at")) == {("active", starts[-1], None)}


def assert_charged_once(shop: stacks.Stack, *, times: int) -> None:
    """One success and one receipt for each invoice, and no other charge at the gateway."""
    paid = Payment.objects.filter(status="succeeded").values("invoice").annotate(times=Count("pk"))
    assert [row["times"] for row in paid] == [1] * times
    assert set(Payment.objects.values_list("status", flat=True)) == {"succeeded"}
    report = json.loads(shop.control("stats?metadata_key=invoice", method="GET"))
    assert report["charges"]["succeeded"] == times
    assert report["charges"]["amount"] == {"eur": PRICE * times}
    assert report["more_than_once"] == {}
    assert Message.objects.filter(kind="receipt").count() == times


def assert_books_balance(*, cash: int) -> None:
    """The ledger sums to zero, and what was owed is in the till."""
    assert LedgerEntry.objects.aggregate(sum=Sum("amount_minor"))["sum"] == 0
    balances = LedgerEntry.objects.balances()
    assert balances["cash", "EUR"] == cash
    assert balances["receivable", "EUR"] == 0
