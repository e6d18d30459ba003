"""Whose contract a declaration is about. Where more than one answer is possible, a person decides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from apps.accounts.models import User
from apps.billing.models import Invoice
from apps.core import translations
from apps.memberships import withdrawal_rules
from apps.memberships.models import Declaration, DeclarationKind, Doubt, Gift, GiftStatus, Origin, Subscription

# Words with a digit in them: numbers of invoices, orders and memberships.
_NUMBER = re.compile(r"[\w/.-]*\d[\w/.-]*")
# Longer than the longest time to withdraw, weekends included.
_RECENT = timedelta(days=18 + withdrawal_rules.DAYS_TO_ARRIVE)


@dataclass(frozen=True, slots=True)
class Match:
    """The one contract that is meant, with `doubt` NONE; or why it is not clear, with the likeliest one, if any."""

    customer: User | None
    subscription: Subscription | None
    doubt: Doubt


def find(declaration: Declaration) -> Match:
    """Who declared, and about which membership, as the shop's books stand now."""
    customer = User.objects.filter(email=declaration.email, is_active=True).first()
    if customer is None:
        return Match(None, None, Doubt.NO_MATCH)
    held = list(Subscription.objects.held().filter(customer=customer).select_related("price", "plan", "customer"))
    numbers = [number.strip(".-/").upper() for number in _NUMBER.findall(declaration.contract)]
    named = [row for row in held if _is_named(row, numbers)]
    if numbers and not named:
        likeliest = held[0] if len(held) == 1 else None
        return Match(customer, likeliest, _unknown(customer, numbers))
    if len(held) > 1 and not named:
        named = [row for row in held if _is_called(row, declaration.contract)]
    candidates = named or held
    if len(candidates) != 1:
        return Match(customer, None, Doubt.SEVERAL if candidates else Doubt.NO_MATCH)
    [subscription] = candidates
    return Match(customer, subscription, _doubt(declaration, subscription, named=bool(named)))


def _doubt(declaration: Declaration, subscription: Subscription, *, named: bool) -> Doubt:
    """What speaks against carrying it out by machine."""
    if subscription.origin != Origin.PURCHASE:
        return Doubt.NOT_BOUGHT
    if declaration.kind == DeclarationKind.CANCEL:
        end = subscription.current_end
        wanted = declaration.wanted_on
        return Doubt.LATER if wanted and end and wanted > end.date() else Doubt.NONE
    if not withdrawal_rules.may_withdraw(subscription, now=declaration.declared_at):
        return Doubt.TOO_LATE
    if not named and _bought_something_else(subscription, since=declaration.declared_at - _RECENT):
        return Doubt.SEVERAL
    return Doubt.NONE


def _is_named(subscription: Subscription, numbers: Sequence[str]) -> bool:
    if str(subscription.pk) in numbers:
        return True
    mine = Q(periods__subscription=subscription) | Q(plan_change__subscription=subscription)
    return bool(numbers) and Invoice.objects.filter(mine, number__in=numbers).exists()


def _is_called(subscription: Subscription, words: str) -> bool:
    """Whether the words hold the name of the plan, in any language, or of its group: "my Small seasonal box", "the
    membership"."""
    names = [*translations.all_of(subscription.plan, "name"), subscription.plan_group.replace("-", " ")]
    return any(re.search(rf"\b{re.escape(name)}\b", words, re.IGNORECASE) for name in names)


def _unknown(customer: User, numbers: Sequence[str]) -> Doubt:
    gift = Gift.objects.filter(buyer=customer, invoice__number__in=numbers)
    return Doubt.GIFT if gift.exists() else Doubt.UNKNOWN_NUMBER


def _bought_something_else(subscription: Subscription, *, since: datetime) -> bool:
    """Whether the customer may mean a gift or an order of these days instead."""
    mine = Q(periods__subscription=subscription) | Q(plan_change__subscription=subscription)
    other = Invoice.objects.filter(customer=subscription.customer_id, issued_at__gte=since, total_minor__gt=0)
    waiting = Gift.objects.filter(buyer=subscription.customer_id, status=GiftStatus.WAITING, paid_at__gte=since)
    return other.exclude(pk__in=Invoice.objects.filter(mine).values("pk")).exists() or waiting.exists()
