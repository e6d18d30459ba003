"""Renewals that the law wants announced, and that nobody announced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns.models import Notice
from apps.campaigns.rules import LONG_PERIOD_DAYS, NOTICE_DAYS
from apps.mail.models import Message
from apps.mail.models import Status as MailStatus
from apps.memberships.models import Period, Price

from .register import Finding, View, register


@register("missing-notice", label=gettext_lazy("Renewal without its notice"))
def missing_notice(view: View) -> Iterable[Finding]:
    """A long period that follows a long one, without the mail of each notice that is due before it."""
    long_prices = Price.objects.lasting(LONG_PERIOD_DAYS)
    earlier = Period.objects.filter(subscription=OuterRef("subscription"), start__lt=OuterRef("start"))
    price_before = Subquery(earlier.order_by("-start").values("price")[:1])
    renewals = list(
        Period.objects.filter(pk__gt=view.marks.period, price__in=long_prices, invoice__isnull=False)
        .annotate(price_before=price_before, customer_id=F("subscription__customer"))
        .filter(price_before__in=long_prices)
        .select_related("invoice")
        .order_by("start", "pk")
    )
    given = _given({period.subscription_id for period in renewals})
    for period in renewals:
        missing = [days for days in NOTICE_DAYS if days not in given[period.subscription_id, period.start]]
        if missing:
            yield Finding(
                key=f"{period.subscription_id}:{period.start:%Y-%m-%d}",
                customer_id=period.customer_id,
                subscription_id=period.subscription_id,
                at=period.start,
                currency=period.currency,
                amount_minor=period.gross_minor,
                detail=_("No mail %(days)s days before") % {"days": ", ".join(str(days) for days in missing)},
            )


def _given(subscription_ids: set[int]) -> dict[tuple[int, datetime], set[int]]:
    """The days of the notices whose mail exists, by subscription and renewal."""
    notices = list(Notice.objects.filter(subscription__in=subscription_ids))
    mails = Message.objects.filter(key__in=[notice.key for notice in notices]).exclude(status=MailStatus.CANCELLED)
    written = set(mails.values_list("key", flat=True))
    given: dict[tuple[int, datetime], set[int]] = defaultdict(set)
    for notice in notices:
        if notice.key in written:
            given[notice.subscription_id, notice.period_end].add(notice.days)
    return given
