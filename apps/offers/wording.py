"""Why an offer is made, in words and numbers, in the active language."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.money import Money
from apps.loyalty import rules as loyalty


def worth(points: int, currency: str) -> Money:
    """The value of points when redeemed."""
    return loyalty.value_of(points, currency)


def reason(code: str, facts: dict) -> str:
    """The sentence for a reason code and the facts stored with the offer."""
    match code:
        case "guides":
            count = facts["count"]
            return ngettext(
                "You opened %(count)d guide in the last %(days)d days that %(plan)s unlocks.",
                "You opened %(count)d guides in the last %(days)d days that %(plan)s unlocks.",
                count,
            ) % {"count": count, "days": facts["days"], "plan": facts["plan"]}
        case "points":
            points = facts["points"]
            return ngettext(
                "With %(plan)s you would have earned %(points)d point more so far, worth %(value)s.",
                "With %(plan)s you would have earned %(points)d points more so far, worth %(value)s.",
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
