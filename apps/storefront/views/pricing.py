"""Plans side by side."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.core.periods import Interval
from apps.memberships.models import Rhythm, intervals

from .. import currency, plans, visitor


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    standing = visitor.standing(request.user, now=now)
    shown = standing.currency or currency.of(request)
    book = plans.book(currency=shown, now=now)
    standing = visitor.with_trials(standing, request.user, plans.with_trial(book))
    offered = plans.intervals(book)
    interval = _chosen(request.GET.get("interval"), offered)
    cards = plans.cards(book, interval=interval, standing=standing)
    context = {
        "standing": standing,
        "cards": cards,
        "all_with_tax": all(card.price.tax_included for card in cards),
        "rows": plans.compare(card.plan for card in cards),
        "intervals": [_choice(each, book, interval, shown, standing=standing) for each in offered],
        "currencies": [] if standing.currency else _currencies(interval, shown),
    }
    return currency.remember(request, render(request, "storefront/pricing.html", context))


def _chosen(wanted: str | None, offered: list[Interval]) -> str:
    """The code of the interval in the address, or monthly, or the shortest there is."""
    codes = [Rhythm(interval).code for interval in offered]
    return next((code for code in (wanted, plans.MONTH.unit) if code in codes), codes[0])


def _choice(interval: Interval, book: plans.Book, chosen: str, shown: str, *, standing: visitor.Standing) -> dict:
    """One link of the toggle of intervals, with what it saves at most."""
    code = Rhythm(interval).code
    saving = plans.largest_saving_percent(plans.cards(book, interval=code, standing=standing))
    return {
        "label": intervals.often(interval),
        "href": f"{reverse('pricing')}?currency={shown}&interval={code}",
        "current": code == chosen,
        "note": _("save up to %(percent)s%%") % {"percent": saving} if saving else "",
    }


def _currencies(interval: str, shown: str) -> list[dict]:
    """The links of the currency toggle."""
    address = f"{reverse('pricing')}?interval={interval}&currency="
    return [{"label": code, "href": f"{address}{code}", "current": code == shown} for code in currency.CURRENCIES]
