"""Points for what was paid, points for credit, and the books of what the shop owes for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction

from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing import credit, ledger
from apps.billing.models import Account, CreditEntry, CreditNoteLine, Invoice, InvoiceLine
from apps.core.money import Money, round_half_up
from apps.loyalty import rules
from apps.loyalty import services as loyalty
from apps.loyalty.models import EarningRule, Kind, PointsAccount, PointsEntry
from apps.memberships import emails
from apps.memberships.models import Plan, Subscription

EARNING_LINES = ("plan", "goods", "discount", "proration_charge", "proration_credit")


def earn_for(plans: Mapping[int, Plan], *, now: datetime) -> None:
    """Give the points of paid invoices (by id), each by the multiplier of its plan. Once for each invoice; the number
    of statements does not depend on how many.

    Only memberships and goods count, not shipping, and of them only the share that was paid by card: credit was money
    or points before.
    """
    if not plans:
        return
    rule = EarningRule.objects.in_force(now)
    rate = rule.points_per_unit if rule else rules.DEFAULT_POINTS_PER_UNIT
    invoices = Invoice.objects.filter(pk__in=plans).annotate(
        eligible_minor=Coalesce(Sum("lines__amount_minor", filter=Q(lines__kind__in=EARNING_LINES)), 0)
    )
    earned = []
    for invoice in invoices.order_by("pk"):
        points = _points_of(invoice, invoice.eligible_minor, plans[invoice.pk], points_per_unit=rate)
        if points:
            earned.append(_grant(invoice, points))
    loyalty.earn_many(earned, rule=rule, now=now)


def earned_by(invoices: Iterable[Invoice]) -> dict[str, int]:
    """The points that these invoices brought, by the currency they are owed in."""
    keys = [_key(invoice) for invoice in invoices]
    earned = PointsEntry.objects.filter(kind=Kind.EARN, key__in=keys).order_by().values("currency")
    return dict(earned.annotate(points=Sum("points")).values_list("currency", "points"))


def left_of(invoices: Iterable[Invoice]) -> dict[str, int]:
    """The points that these invoices brought, by the currency they are owed in, without the share of what credit notes
    took back before: that went with its money. Each share is rounded so that all of them sum to the points."""
    by_key = {_key(invoice): invoice.pk for invoice in invoices}
    lines = InvoiceLine.objects.filter(invoice__in=by_key.values(), kind__in=EARNING_LINES).order_by()
    eligible = dict(lines.values_list("invoice").annotate(minor=Sum("amount_minor")))
    notes = CreditNoteLine.objects.filter(line__in=lines.values("pk")).order_by().values_list("line__invoice")
    gone = dict(notes.annotate(minor=Sum("amount_minor")))
    left: Counter[str] = Counter()
    earned = PointsEntry.objects.filter(kind=Kind.EARN, key__in=by_key).values_list("key", "currency", "points")
    for key, currency, points in earned:
        of = eligible[by_key[key]]
        left[currency] += points - points * min(of, gone.get(by_key[key], 0)) // of
    return dict(left)


def take_back(customer_id: int, shares: Mapping[str, int], *, key: str, reason: str, now: datetime) -> None:
    """Take back these points, by currency, as far as they are still held: what was made of them stays. The same key
    again changes nothing."""
    for currency, count in shares.items():
        if count > 0:
            by = f"{key}:{currency}"
            loyalty.take_back(customer_id, points=count, key=by, reason=reason, now=now, currency=currency)


def _points_of(invoice: Invoice, eligible_minor: int, plan: Plan, *, points_per_unit: int) -> int:
    if eligible_minor <= 0 or invoice.due_minor <= 0:
        return 0
    by_card = round_half_up(Fraction(eligible_minor * invoice.due_minor, invoice.total_minor))
    return rules.points_for(Money(by_card, invoice.currency), plan.points_percent, points_per_unit=points_per_unit)


def _key(invoice: Invoice) -> str:
    return f"earn:invoice:{invoice.pk}"


def _grant(invoice: Invoice, points: int) -> loyalty.Grant:
    return loyalty.Grant(
        customer_id=invoice.customer_id,
        points=points,
        key=_key(invoice),
        reason=_("Invoice %(number)s") % {"number": invoice.number},
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
