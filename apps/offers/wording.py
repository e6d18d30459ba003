"""What an offer says, in words and numbers, in the active language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.money import Money
from apps.loyalty import rules as loyalty
from apps.memberships import rules as memberships

if TYPE_CHECKING:
    from apps.memberships.models import Price
    from apps.promotions.models import Promotion


def worth(points: int, currency: str) -> Money:
    """The value of points when redeemed."""
    return loyalty.value_of(points, currency)


def reason(code: str, facts: dict) -> str:
    """The sentence for a reason code and the facts stored with the offer."""
    match code:
        case "guides":
            return ngettext(
                "You opened %(count)d guide in the last %(days)d days that %(plan)s unlocks.",
                "You opened %(count)d guides in the last %(days)d days that %(plan)s unlocks.",
                facts["count"],
            ) % {"count": facts["count"], "days": facts["days"], "plan": facts["plan"]}
        case "points":
            points = facts["points"]
            return ngettext(
                "On what you have paid so far, %(plan)s would have earned you %(points)d point more, worth %(value)s.",
                "On what you have paid so far, %(plan)s would have earned you %(points)d points more, worth %(value)s.",
                points,
            ) % {"points": points, "plan": facts["plan"], "value": worth(points, facts["currency"])}
        case "too_expensive":
            return _("You told us the price was too high.")
        case "not_using":
            return _("You told us you did not use it enough.")
        case "missing_features":
            return _("You told us that something was missing.")
        case "technical":
            return _("You told us that something did not work. We are sorry.")
        case "payment":
            return _("Your membership ended because a payment did not go through.")
        case _:
            return _("You were a member, and you are welcome back.")


def rate(price: Price, *, quantity: int = 1) -> str:
    """ "€9.00 a month", with their number before it for several: what so many at a price cost each period."""
    amount = str(price.amount) if quantity == 1 else f"{quantity} × {price.amount}"
    return _("%(amount)s %(per)s") % {"amount": amount, "per": price.per}


def first_span(unit: str, count: int) -> str:
    """ "the first 3 months": so many units of time from the beginning."""
    sentence = {
        "week": ngettext("the first week", "the first %(count)d weeks", count),
        "month": ngettext("the first month", "the first %(count)d months", count),
        "year": ngettext("the first year", "the first %(count)d years", count),
    }[unit]
    return sentence % {"count": count}


def terms(price: Price, promotion: Promotion | None) -> str:
    """What it costs, from the first charge to the ordinary ones; with tax, or without where it is added."""
    reduced = next_amount(price, promotion)
    if promotion is None or reduced == price.amount:
        return rate(price)
    periods = promotion.periods_granted()
    if periods is None:
        return _("%(reduced)s instead of %(full)s, for as long as you stay.") % {
            "reduced": reduced,
            "full": rate(price),
        }
    return _("%(reduced)s instead of %(full)s for %(span)s, then %(full)s.") % {
        "reduced": reduced,
        "full": rate(price),
        "span": first_span(price.interval_unit, price.interval_count * periods),
    }


def next_amount(price: Price, promotion: Promotion | None, *, quantity: int = 1) -> Money:
    """What one period of so many costs under the promotion, with or without tax as the price is."""
    return Money(memberships.discounted(price, promotion, quantity=quantity), price.currency)
