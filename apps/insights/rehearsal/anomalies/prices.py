"""Charges that differ from the last one, or double it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.billing.models import Invoice
from apps.memberships.models import History, HistoryKind, Period, Price

from .register import Finding, View, register

JUMP = "amount-jump"
DEFAULT_JUMP_PERCENT = 20
_DAY = timedelta(days=1)
_LONGEST = timedelta(days=400)
# What a plan change charges is for a part of a period: no measure for the next whole one.
_WHOLE = ["signup", "renewal"]


@register("double-plan", label=gettext_lazy("Charged twice for one period"))
def double_plan(view: View) -> Iterable[Finding]:
    """Two charges to one customer for plans of one group: for spans that overlap, or one made late and so close to the
    other that they fall into one period, as after a long time without a worker."""
    charges: dict[tuple[int, str], list[Period]] = defaultdict(list)
    for period in (
        Period.objects.filter(gross_minor__gt=0, invoice__isnull=False, end__gt=view.since - _LONGEST)
        .exclude(invoice__status=Invoice.Status.VOID)
        .filter(Exists(_new(view).filter(subscription__customer=OuterRef("subscription__customer"))))
        .select_related("subscription", "invoice")
        .order_by("start", "pk")
    ):
        charges[period.subscription.customer_id, period.subscription.plan_group].append(period)
    for rows in charges.values():
        for earlier, later in pairwise(rows):
            if later.pk > view.marks.period and _is_double(earlier, later):
                yield Finding(
                    **_about(later),
                    before_minor=earlier.gross_minor,
                    detail=_("Also charged for %(start)s to %(end)s on %(day)s")
                    % {
                        "start": f"{earlier.start:%Y-%m-%d}",
                        "end": f"{earlier.end:%Y-%m-%d}",
                        "day": f"{_issued(earlier):%Y-%m-%d}",
                    },
                )


@register(JUMP, label=gettext_lazy("Amount jumps"))
def amount_jump(view: View) -> Iterable[Finding]:
    """The invoice differs from the last one of the subscription that was paid by more than so many percent, and no
    change of plan by the customer explains it. Intervals of different length compare by what they cost a month."""
    limit = view.thresholds.get(JUMP, DEFAULT_JUMP_PERCENT)
    paid = _earlier().filter(invoice__status=Invoice.Status.PAID, invoice__reason__in=_WHOLE)
    last = paid.order_by("-start")
    rows = _unexplained(_new(view)).annotate(
        before=Subquery(last.values("invoice__total_minor")[:1]), before_price=Subquery(last.values("price")[:1])
    )
    prices = Price.objects.in_bulk()
    for period in rows.exclude(before=None):
        after = Fraction(_total(period)) / period.price.interval.months_per_interval
        before = Fraction(period.before) / prices[period.before_price].interval.months_per_interval
        if abs(after - before) * 100 > before * limit:
            yield Finding(**_about(period), before_minor=period.before)


@register("unagreed-price", label=gettext_lazy("Price changes without the customer's consent"))
def unagreed_price(view: View) -> Iterable[Finding]:
    """The new period is on another price than the one before, and the customer did not ask for it: another version of
    the same plan's, or dearer by the month."""
    old_price = Subquery(_earlier().order_by("-start").values("price")[:1])
    rows = _unexplained(_new(view)).annotate(old=old_price).exclude(old=F("price"))
    prices = Price.objects.select_related("plan").in_bulk()
    for period in rows.exclude(old=None):
        old, new = prices[period.old], prices[period.price_id]
        is_version = (old.plan_id, old.rhythm) == (new.plan_id, new.rhythm)
        if is_version or new.per_month > old.per_month:
            yield Finding(**_about(period), before_minor=old.amount_minor, detail=f"{old} → {new}")


def _new(view: View) -> QuerySet[Period]:
    return Period.objects.filter(pk__gt=view.marks.period, invoice__isnull=False).order_by("start", "pk")


def _earlier() -> QuerySet[Period]:
    """The earlier periods of the same subscription, for a subquery."""
    return Period.objects.filter(subscription=OuterRef("subscription"), start__lt=OuterRef("start"))


def _unexplained(periods: QuerySet[Period]) -> QuerySet[Period]:
    """Without those whose customer changed the plan since the period before began."""
    asked = History.objects.filter(
        subscription=OuterRef("subscription"),
        kind=HistoryKind.PLAN,
        actor=OuterRef("subscription__customer__email"),
        at__gte=OuterRef("begun"),
    )
    return (
        periods.annotate(begun=Subquery(_earlier().order_by("-start").values("start")[:1]))
        .filter(~Exists(asked))
        .select_related("subscription", "invoice", "price")
    )


def _is_double(earlier: Period, later: Period) -> bool:
    if later.start < earlier.end:
        return True
    is_late = _issued(later) - later.start > _DAY
    shortest = min(earlier.end - earlier.start, later.end - later.start)
    return is_late and _issued(later) - _issued(earlier) < shortest - _DAY


def _issued(period: Period):
    assert period.invoice is not None, "only invoiced periods are looked at"
    return period.invoice.issued_at


def _total(period: Period) -> int:
    assert period.invoice is not None, "only invoiced periods are looked at"
    return period.invoice.total_minor


def _about(period: Period) -> dict:
    return {
        "key": f"{period.subscription_id}:{period.start:%Y-%m-%d}",
        "customer_id": period.subscription.customer_id,
        "subscription_id": period.subscription_id,
        "at": period.start,
        "currency": period.currency,
        "amount_minor": _total(period),
    }
