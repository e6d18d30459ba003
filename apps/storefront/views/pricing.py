"""Plans side by side."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.core import clock

from .. import currency, plans, visitor


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    interval = request.GET.get("interval")
    interval = interval if interval in plans.INTERVALS else plans.INTERVALS[0]
    standing = visitor.standing(request.user, now=now)
    shown = standing.currency or currency.of(request)
    book = plans.book(currency=shown, now=now)
    cards = plans.cards(book, interval=interval, standing=standing)
    saving = plans.largest_saving_percent(plans.cards(book, interval="year", standing=standing))
    context = {
        "standing": standing,
        "cards": cards,
        "all_with_tax": all(card.price.tax_included for card in cards),
        "rows": plans.compare(card.plan for card in cards),
        "intervals": _intervals(interval, shown, saving=saving),
        "currencies": [] if standing.currency else _currencies(interval, shown),
    }
    return currency.remember(request, render(request, "storefront/pricing.html", context))


def _intervals(interval: str, shown: str, *, saving: int | None) -> list[dict]:
    """The links of the monthly and yearly toggle."""
    address = f"{reverse('pricing')}?currency={shown}&interval="
    note = _("save up to %(percent)s%%") % {"percent": saving} if saving else ""
    return [
        {"label": _("Monthly"), "href": f"{address}month", "current": interval == "month"},
        {"label": _("Yearly"), "href": f"{address}year", "current": interval == "year", "note": note},
    ]


def _currencies(interval: str, shown: str) -> list[dict]:
    """The links of the currency toggle."""
    address = f"{reverse('pricing')}?interval={interval}&currency="
    return [{"label": code, "href": f"{address}{code}", "current": code == shown} for code in currency.CURRENCIES]
