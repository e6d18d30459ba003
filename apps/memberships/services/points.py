"""Points for what was paid, points for credit, and the books of what the shop owes for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing import credit, ledger
from apps.billing.models import Account, CreditEntry, Invoice
from apps.core.money import Money, round_half_up
from apps.loyalty import rules
from apps.loyalty import services as loyalty
from apps.loyalty.models import EarningRule, Kind, PointsAccount, PointsEntry
from apps.memberships import emails
from apps.memberships.models import Plan, Subscription

EARNING_LINES = ("plan", "discount", "proration_charge", "proration_credit")


@transaction.atomic
def earn_for(invoice_id: int, *, plan: Plan, now: datetime) -> PointsEntry | None:
    """Give the points of a paid invoice, by the plan's multiplier. Once for each invoice; None when it earns nothing.

    Only membership lines count, and of them only the share that was paid by card: credit was money or points before.
    """
    invoice = Invoice.objects.get(pk=invoice_id)
    lines = invoice.lines.filter(kind__in=EARNING_LINES).values_list("amount_minor", flat=True)
    eligible = sum(lines)
    if eligible <= 0 or invoice.due_minor <= 0:
        return None
    by_card = round_half_up(Fraction(eligible * invoice.due_minor, invoice.total_minor))
    rule = EarningRule.objects.in_force(now)
    points = rules.points_for(
        Money(by_card, invoice.currency),
        plan.points_percent,
        points_per_unit=rule.points_per_unit if rule else rules.DEFAULT_POINTS_PER_UNIT,
    )
    if points == 0:
        return None
    return loyalty.earn(
        invoice.customer_id,
        points=points,
        key=f"earn:invoice:{invoice.pk}",
        reason=_("Invoice %(number)s") % {"number": invoice.number},
        now=now,
        currency=invoice.currency,
    )


@transaction.atomic
def redeem_points(customer: User, *, points: int, key: str, now: datetime, currency: str | None = None) -> CreditEntry:
    """Turn points into credit that the next invoice uses up. The same key again changes nothing.

    `currency` is that of the open membership, else the customer's own, when none is given; only points owed in it
    count. Raises loyalty's NotEnoughPoints,
    and ValueError when points are not positive.
    """
    currency = currency or _currency_of_bills(customer)
    loyalty.redeem(
        customer.pk, points=points, key=f"redeem:{key}", reason=_("Credit for a bill"), now=now, currency=currency
    )
    worth = rules.value_of(points, currency)
    granted = credit.grant(
        customer,
        money=worth,
        key=f"points:{key}",
        reason=_("Points redeemed"),
        now=now,
        source_account=Account.POINTS_LIABILITY,
    )
    balance = PointsAccount.objects.balance_of(customer)
    emails.points_redeemed(customer, points=points, credit=worth, balance=balance, key=key, now=now)
    return granted


def post_changes(entries: Iterable[PointsEntry], *, now: datetime) -> None:
    """Book what the shop owes more or less after points were granted, adjusted or lapsed; one posting for each
    entry.
    """
    postings = []
    for entry in entries:
        if entry.kind == Kind.REDEEM:
            raise ValueError("A redemption is booked by what the points were given for")
        worth = rules.value_of(entry.points, entry.currency)
        sides: list[tuple[str, Money]] = [(Account.POINTS_EXPENSE, worth), (Account.POINTS_LIABILITY, -worth)]
        postings.append(ledger.Posting(f"points:{entry.pk}", sides, entry.customer_id))
    ledger.post_many(postings, now=now)


def _currency_of_bills(customer: User) -> str:
    subscription = Subscription.objects.current_of(customer)
    return subscription.price.currency if subscription else customer.currency
