"""What a customer agrees to before a card is charged again and again, in the words that are stored as evidence."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core.money import Money
from apps.memberships.quotes import FirstCharge

VERSION = "2026-11"


@dataclass(frozen=True, slots=True)
class Term:
    """A text with its version, in the language in which it is shown."""

    version: str
    text: str


def subscription(charge: FirstCharge, *, zone: str, due: Money | None = None) -> Term:
    """The words beside the box at checkout: what is charged, when, how often, until when. Dates in the IANA `zone`.

    `due` is what the card is charged today, where credit pays a part of the total.
    """
    facts = {
        "due": (charge.total if due is None else due).format(),
        "next_total": charge.next_total.format() if charge.next_total else "",
        "every": charge.price.every,
        "next_date": local_date(charge.next_charge_at, zone) if charge.next_charge_at else "",
        "end": local_date(charge.ends_at, zone) if charge.ends_at else "",
        "full": charge.full_total.format(),
    }
    parts = [_charges(charge), _after_discount(charge), _ways_out(charge), _read()]
    return Term(VERSION, " ".join(part % facts for part in parts if part))


def _charges(charge: FirstCharge) -> str:
    if charge.next_charge_at is None:
        return _("I agree that Orangery charges my card %(due)s today. My membership ends by itself on %(end)s.")
    if charge.trial_days and charge.price.term_periods == 1:
        return _(
            "I agree that my free trial ends on %(next_date)s, and that Orangery then charges my card %(next_total)s "
            "once. Today nothing is charged. My membership ends by itself on %(end)s."
        )
    if charge.trial_days and charge.ends_at:
        return _(
            "I agree that my free trial ends on %(next_date)s, and that Orangery then charges my card %(next_total)s, "
            "and again %(every)s. Today nothing is charged. My membership ends by itself on %(end)s."
        )
    if charge.trial_days:
        return _(
            "I agree that my free trial ends on %(next_date)s, and that Orangery then charges my card %(next_total)s, "
            "and again %(every)s, until I cancel. Today nothing is charged."
        )
    if charge.ends_at:
        return _(
            "I agree that Orangery charges my card %(due)s today and %(next_total)s %(every)s from %(next_date)s, "
            "until my membership ends by itself on %(end)s."
        )
    return _(
        "I agree that Orangery charges my card %(due)s today and %(next_total)s %(every)s from %(next_date)s, "
        "until I cancel."
    )


def _after_discount(charge: FirstCharge) -> str:
    is_limited = bool(charge.discounted_periods) and charge.next_total not in (None, charge.full_total)
    return _("When the discount is over, it is %(full)s %(every)s.") if is_limited else ""


def _ways_out(charge: FirstCharge) -> str:
    if charge.trial_days:
        return _(
            "If I cancel in my account before %(next_date)s, nothing is charged; after that I can cancel at any time, "
            "to the end of the paid period."
        )
    return _("I can cancel at any time in my account, to the end of the paid period.")


def _read() -> str:
    return _("I have read the terms and the information on my right of withdrawal within 14 days.")


def local_date(moment, zone: str) -> str:
    """The date of an instant where the customer lives, as the active language writes it."""
    return date_format(moment.astimezone(ZoneInfo(zone)), "DATE_FORMAT")
