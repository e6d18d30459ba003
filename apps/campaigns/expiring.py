"""Mails about cards that expire before the next charge, thirty and seven days before that charge.

Service mail: without it the charge would fail. The days count from the charge, not from the expiry: that is when
another card is needed, and for a yearly plan it may be months later. The mail's key names the card, the day of the
charge and the notice, so a card is spoken of once for each; a late worker gives the later of two notices alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db.models import CharField, DateTimeField, Exists, F, Func, Max, Min, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat, ExtractMonth, ExtractYear
from django.urls import reverse

from apps.accounts import letters
from apps.billing.models import Card
from apps.mail.models import Message
from apps.memberships import quotes
from apps.memberships.emails import about
from apps.memberships.models import BILLED, Subscription

# Days before the charge, the first notice first.
NOTICE_DAYS = (30, 7)
BATCH = 200
# So many cards are named one by one.
FEW = 2000
# How far beyond the present notices the next one is looked for first.
NEAR = timedelta(days=31)
KIND = "card-expiring"
_CARD = "customer__billing_profile__default_card"


def give_due(*, now: datetime) -> int:
    """Put the mails that are due; returns how many. Safe to repeat, and with several workers at once."""
    cards = _over_by(now + timedelta(days=max(NOTICE_DAYS)))
    return sum(_put(subscription, days, now=now) for days in NOTICE_DAYS for subscription in _due(days, cards, now=now))


def next_due(*, now: datetime) -> datetime | None:
    """When the next such mail is due, or None.

    It is looked for among the next charges, to the few cards that are over by then, and among all charges only where
    none of those wants it: the first notice of a later charge comes after every next notice of these.
    """
    last = _chargeable().aggregate(at=Max("next_bill_at"))["at"]
    if last is None:
        return None
    near = now + timedelta(days=max(NOTICE_DAYS)) + NEAR
    return _first_until(min(near, last), now=now) or (_first_until(last, now=now) if near < last else None)


def _first_until(horizon: datetime, *, now: datetime) -> datetime | None:
    """When the first mail about a charge until `horizon` is due."""
    cards = _over_by(horizon)
    if not cards:
        return None
    firsts = []
    for days in NOTICE_DAYS:
        to_cards = _charged_to(cards, by=horizon)
        charges = _without(days).filter(to_cards, next_bill_at__gt=now + _later(days), next_bill_at__lte=horizon)
        # Where the cards are many, one of them is soon come upon among all charges in their order.
        in_order = charges.order_by("next_bill_at").values_list("next_bill_at", flat=True)
        first = charges.aggregate(at=Min("next_bill_at"))["at"] if len(cards) <= FEW else in_order.first()
        if first is not None:
            firsts.append(first - timedelta(days=days))
    return min(firsts, default=None)


def _over_by(moment: datetime) -> list[int]:
    """The cards whose last day is before the month of an instant, or more than FEW of them."""
    over = Card.objects.filter(_expired_by(moment), detached_at=None).order_by("pk")
    return list(over.values_list("pk", flat=True)[: FEW + 1])


def _charged_to(cards: Sequence[int], *, by: datetime) -> Q:
    """Charges to the cards that are over by an instant. A few are named one by one, and then the database begins with
    them, whatever it believes about the months of cards in general."""
    return Q(**{f"{_CARD}__any": cards}) if len(cards) <= FEW else _expired_by(by, card=f"{_CARD}__")


def _due(days: int, cards: list[int], *, now: datetime) -> Iterator[Subscription]:
    """Memberships about which a notice is due, a batch at a time in the order of their keys, so that one on which
    nothing is charged after all does not hold up the others."""
    related = ("price__plan", "pending_price__plan", "promotion", _CARD)
    rows = _in_window(days, cards, now=now).select_related(*related).order_by("pk")
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        yield from batch
        last = batch[-1].pk


def _in_window(days: int, cards: list[int], *, now: datetime) -> QuerySet[Subscription]:
    """Those with one of the cards to whom this notice is to be given now: its time has come, and the next one's has
    not."""
    horizon = now + timedelta(days=days)
    to_cards = _charged_to(cards, by=horizon)
    return _without(days).filter(to_cards, next_bill_at__gt=now + _later(days), next_bill_at__lte=horizon)


def _chargeable() -> QuerySet[Subscription]:
    """What may be charged, in the words of the index of what is due."""
    return Subscription.objects.filter(
        status__in=BILLED, parked_at=None, changing_since=None, next_bill_at__isnull=False
    )


def _without(days: int) -> QuerySet[Subscription]:
    """Memberships that will be charged to a card that has expired by then, without this notice so far."""
    return (
        _chargeable()
        .annotate(
            charge_minor=Coalesce("pending_price__amount_minor", "price__amount_minor"),
            charge_month=ExtractYear("next_bill_at", tzinfo=UTC) * 12 + ExtractMonth("next_bill_at", tzinfo=UTC),
            # A card is good to the last day of its month.
            card_month=F(f"{_CARD}__exp_year") * 12 + F(f"{_CARD}__exp_month"),
            notice_key=_key_in_database(days),
        )
        .filter(Q(ends_at=None) | Q(ends_at__gt=F("next_bill_at")), charge_minor__gt=0)
        .filter(**{f"{_CARD}__isnull": False, f"{_CARD}__detached_at": None}, charge_month__gt=F("card_month"))
        .filter(~Exists(Message.objects.filter(key=OuterRef("notice_key"))))
    )


def _expired_by(moment: datetime, card: str = "") -> Q:
    """Cards that are over in the month of an instant, in the words of their index; `card` leads to them."""
    year, month = f"{card}exp_year", f"{card}exp_month"
    return Q(**{f"{year}__lt": moment.year}) | Q(**{year: moment.year, f"{month}__lt": moment.month})


def _later(days: int) -> timedelta:
    """How long before the charge the next notice takes this one's place."""
    return timedelta(days=max((other for other in NOTICE_DAYS if other < days), default=0))


def _key(card: Card, charge: datetime, days: int) -> str:
    return f"{KIND}:{card.pk}:{charge:%Y-%m-%d}:{days}"


def _key_in_database(days: int) -> Concat:
    """The same as `_key`."""
    text = CharField()
    charge = Func(Value("UTC"), "next_bill_at", function="timezone", output_field=DateTimeField())
    day = Func(charge, Value("YYYY-MM-DD"), function="to_char", output_field=text)
    card = Cast(f"{_CARD}_id", text)
    return Concat(Value(f"{KIND}:"), card, Value(":"), day, Value(f":{days}"), output_field=text)


def _put(subscription: Subscription, days: int, *, now: datetime) -> bool:
    """Put one mail; False when nothing is charged after all, or another row of the batch has put it."""
    customer, charge = subscription.customer, subscription.begins_next()
    price = subscription.pending_price or subscription.price
    amount = quotes.next_total(subscription, now=now)
    card = customer.billing_profile.default_card
    assert card is not None, "the notice is about a card"
    key = _key(card, charge, days)
    if not amount or Message.objects.filter(key=key).exists():
        return False
    letters.put(
        KIND,
        customer,
        key=key,
        context=lambda: {
            "name": customer.short_name,
            "plan": price.plan.name_i18n,
            "card": str(card),
            "expires": date(card.exp_year, card.exp_month, 1),
            "is_over": (card.exp_year, card.exp_month) < (now.year, now.month),
            "charge_at": charge,
            "amount": amount,
            "card_url": settings.SITE_URL + reverse("card"),
            **about(price.plan),
        },
        now=now,
    )
    return True
