"""Letters that ask buyers what they think of what has come to them.

Marketing: only with consent, and never closer to another marketing mail than the shop promises. A product is asked
about once, a customer not more often than every QUIET, and about few things at a time. What was given back, or has a
review already, is not asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, QuerySet
from django.urls import reverse

from apps.accounts import letters
from apps.accounts.models import User
from apps.accounts.services import unsubscribe_url
from apps.catalog.models import Product, ProductStatus, Review
from apps.mail import outbox
from apps.mail.models import Message, Stream
from apps.mail.models import Status as MailStatus
from apps.orders.models import OrderLine, OrderStatus

from . import rules
from .models import ReviewRequest

# Long enough to have used it; later than UNTIL nobody remembers the day it came.
AFTER = timedelta(days=10)
UNTIL = timedelta(days=60)
QUIET = timedelta(days=60)
MOST = 3
BATCH = 200
KIND = "review-request"


def ask_due(*, now: datetime) -> int:
    """Put the letters that are due; returns how many. Safe to repeat, and with several workers at once."""
    total = 0
    while (done := _ask_batch(now)) is not None:
        total += done
    return total


def next_due(*, now: datetime) -> datetime | None:
    """When the next such letter may be due, or None."""
    if not _unasked(now - UNTIL, now).exists():
        return None
    if _askable(now).exists():
        return now
    arriving = _unasked(now - AFTER, now).filter(order__customer__in=User.objects.marketable())
    next_arrived = arriving.aggregate(at=Min("order__history__at"))["at"]
    waiting = _unasked(now - UNTIL, now - AFTER).values("order__customer")
    last_written = _recent(now).filter(user_id__in=waiting).aggregate(at=Min("created_at"))["at"]
    dues = [next_arrived and next_arrived + AFTER, last_written and last_written + rules.FREQUENCY]
    return min((due for due in dues if due is not None), default=None)


@transaction.atomic
def _ask_batch(now: datetime) -> int | None:
    """Ask a batch of customers; how many, or None when nobody is left. They are claimed as the journeys claim them, so
    that a withdrawal of consent waits, and the frequency cap holds between the two."""
    claim = _askable(now).order_by("pk").select_for_update(of=("self",), skip_locked=True, no_key=True)
    claimed = [user.pk for user in claim[:BATCH]]
    if not claimed:
        return None
    # Asked again, now that nobody else writes to them.
    users = {user.pk: user for user in _askable(now).filter(pk__in=claimed)}
    rows = _unasked(now - UNTIL, now - AFTER).filter(order__customer__in=users)
    newest_first = rows.select_related("variant__product", "order").order_by(
        "order__customer_id", "-order_id", "position"
    )
    written = []
    for customer_id, lines in groupby(newest_first, key=lambda line: line.order.customer_id):
        written.append(_letter(users[customer_id], list(lines), now=now))
    outbox.put_many(written, now=now)
    return len(written)


def _askable(now: datetime) -> QuerySet[User]:
    """Who may be asked at this instant, and about something."""
    mine = _unasked(now - UNTIL, now - AFTER).filter(order__customer=OuterRef("pk"))
    asked = ReviewRequest.objects.filter(customer=OuterRef("pk"), at__gt=now - QUIET)
    written = _recent(now).filter(user_id=OuterRef("pk"))
    return User.objects.marketable().filter(Exists(mine), ~Exists(asked), ~Exists(written))


def _unasked(since: datetime, until: datetime) -> QuerySet[OrderLine]:
    """Lines of orders that arrived after `since`, at `until` at the latest, about which their buyers can be asked."""
    pair = {"customer": OuterRef("order__customer"), "product": OuterRef("variant__product")}
    return OrderLine.objects.filter(
        ~Exists(ReviewRequest.objects.filter(**pair)),
        ~Exists(Review.objects.filter(**pair)),
        order__status=OrderStatus.DELIVERED,
        order__history__new=OrderStatus.DELIVERED,
        order__history__at__gt=since,
        order__history__at__lte=until,
        variant__product__status=ProductStatus.PUBLISHED,
        refunded_quantity__lt=F("quantity"),
    )


def _recent(now: datetime) -> QuerySet[Message]:
    """Marketing mail after which it is too early for another."""
    recent = Message.objects.filter(stream=Stream.MARKETING, created_at__gt=now - rules.FREQUENCY)
    return recent.exclude(status=MailStatus.CANCELLED)


def _letter(customer: User, lines: Sequence[OrderLine], *, now: datetime) -> outbox.Letter:
    """Write down what is asked about, the newest order first, and put it into words."""
    first: dict[int, OrderLine] = {}
    for line in lines:
        first.setdefault(line.variant.product_id, line)
    chosen = list(first.values())[:MOST]
    ReviewRequest.objects.bulk_create(
        ReviewRequest(customer=customer, product_id=line.variant.product_id, order_id=line.order_id, at=now)
        for line in chosen
    )
    products = [line.variant.product for line in chosen]
    return letters.letter(
        KIND,
        customer,
        key=":".join([KIND, str(customer.pk), *(str(product.pk) for product in products)]),
        context=lambda: {
            "name": customer.short_name,
            "products": [{"name": product.name_i18n, "url": _page(product)} for product in products],
        },
        stream=Stream.MARKETING,
        unsubscribe_url=unsubscribe_url(customer),
    )


def _page(product: Product) -> str:
    """Where the customer writes the review."""
    return settings.SITE_URL + reverse("review", args=[product.slug])
