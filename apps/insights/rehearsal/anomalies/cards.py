"""Charges that would fail for want of a good card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.memberships.models import Period

from .register import Finding, View, register

_WITHOUT = ["no_card", "card_removed"]


@register("missing-card", label=gettext_lazy("No card to charge"))
def missing_card(view: View) -> Iterable[Finding]:
    """A period would be billed, and there is no card, or only a removed one."""
    for period, finding in _first_charges(view, *_WITHOUT):
        detail = _("The customer has no card.") if period["code"] == "no_card" else _("The card was removed.")
        yield Finding(**finding, detail=detail)


@register("card-expires", label=gettext_lazy("Card expires before the charge"))
def card_expires(view: View) -> Iterable[Finding]:
    """A period would be billed after the last month of the card."""
    for period, finding in _first_charges(view, "expired_card"):
        card = _("%(brand)s •••• %(last4)s expires %(month)02d/%(year)d") % {
            "brand": period["brand"].title(),
            "last4": period["last4"],
            "month": period["month"],
            "year": period["year"],
        }
        yield Finding(**finding, detail=card)


def _first_charges(view: View, *codes: str) -> Iterator[tuple[Mapping[str, Any], dict[str, Any]]]:
    """The new periods whose first charge is declined with one of the codes, and what every finding says of them."""
    rows = (
        Period.objects.filter(
            pk__gt=view.marks.period, invoice__payments__attempt=1, invoice__payments__decline_code__in=codes
        )
        .order_by("start", "pk")
        .values(
            "subscription_id",
            "start",
            "currency",
            customer_id=F("subscription__customer"),
            due=F("invoice__due_minor"),
            code=F("invoice__payments__decline_code"),
            brand=F("invoice__payments__card__brand"),
            last4=F("invoice__payments__card__last4"),
            month=F("invoice__payments__card__exp_month"),
            year=F("invoice__payments__card__exp_year"),
        )
    )
    for row in rows:
        yield (
            row,
            {
                "key": f"{row['subscription_id']}:{row['start']:%Y-%m-%d}",
                "customer_id": row["customer_id"],
                "subscription_id": row["subscription_id"],
                "at": row["start"],
                "currency": row["currency"],
                "amount_minor": row["due"],
            },
        )
