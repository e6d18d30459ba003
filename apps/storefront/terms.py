"""What a customer agrees to before a card is charged again and again, in the words that are stored as evidence."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core.money import Money
from apps.memberships.models import Price, PricePromise, WithoutConsent
from apps.memberships.quotes import FirstCharge

from .agreed import percent

VERSION = "2026-11"
PRICE_CHANGE_VERSION = "price-change-2026-11"


@dataclass(frozen=True, slots=True)
class Term:
    """A text with its version, in the language in which it is shown."""

    version: str
    text: str


def subscription(charge: FirstCharge, *, zone: str, due: Money | None = None) -> Term:
    """The words beside the box at checkout: what is charged, when, how often, until when. Dates in the IANA `zone`.

    `due` is what the card is charged today, where credit pays a part of the total. How a price without tax becomes the
    amounts is said too, and that no VAT is charged to who accounts for it.
    """
    facts = {
        "shop": settings.SHOP_NAME,
        "due": (charge.total if due is None else due).format(),
        "next_total": charge.next_total.format() if charge.next_total else "",
        "every": charge.price.every,
        "next_date": local_date(charge.next_charge_at, zone) if charge.next_charge_at else "",
        "end": local_date(charge.ends_at, zone) if charge.ends_at else "",
        "full": charge.full_total.format() if charge.full_total else "",
    }
    parts = [_charges(charge), _after_discount(charge), _ways_out(charge), _read()]
    words = [part % facts for part in parts if part]
    return Term(VERSION, " ".join([*words, *_about_tax(charge)]))


def _charges(charge: FirstCharge) -> str:
    if charge.next_charge_at is None:
        return _("I agree that %(shop)s charges my card %(due)s today. My membership ends by itself on %(end)s.")
    if charge.trial_days and charge.price.term_periods == 1:
        return _(
            "I agree that my free trial ends on %(next_date)s, and that %(shop)s then charges my card %(next_total)s "
            "once. Today nothing is charged. My membership ends by itself on %(end)s."
        )
    if charge.trial_days and charge.ends_at:
        return _(
            "I agree that my free trial ends on %(next_date)s, and that %(shop)s then charges my card %(next_total)s, "
            "and again %(every)s. Today nothing is charged. My membership ends by itself on %(end)s."
        )
    if charge.trial_days:
        return _(
            "I agree that my free trial ends on %(next_date)s, and that %(shop)s then charges my card %(next_total)s, "
            "and again %(every)s, until I cancel. Today nothing is charged."
        )
    if charge.ends_at:
        return _(
            "I agree that %(shop)s charges my card %(due)s today and %(next_total)s %(every)s from %(next_date)s, "
            "until my membership ends by itself on %(end)s."
        )
    return _(
        "I agree that %(shop)s charges my card %(due)s today and %(next_total)s %(every)s from %(next_date)s, "
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


def _about_tax(charge: FirstCharge) -> list[str]:
    """How the amounts come about, where they are not simply the price with its tax."""
    if charge.taxation.is_reverse_charge:
        sentence = _("No VAT is charged: I account for it under my VAT number %(number)s (reverse charge).")
        return [sentence % {"number": charge.taxation.tax_number}]
    if charge.price.tax_included:
        return []
    rate = percent(charge.tax_basis_points)
    if charge.trial_days:
        return [_("Each amount includes %(rate)s VAT.") % {"rate": rate}]
    net = (charge.total - charge.tax).format()
    sentence = _("Today's total is %(net)s plus %(rate)s VAT = %(total)s.")
    return [sentence % {"net": net, "rate": rate, "total": charge.total.format()}]


def gift(due: Money) -> Term:
    """The words beside the box where a gift is bought: one charge of `due`, and nothing after it."""
    text = _(
        "I agree that %(shop)s charges my card %(due)s today, once, for this gift. Nothing renews. I have read the "
        "terms and the information on my right of withdrawal within 14 days."
    ) % {"shop": settings.SHOP_NAME, "due": due.format()}
    return Term(f"gift-{VERSION}", text)


def order(due: Money) -> Term:
    """The words beside the box at checkout: one charge of `due` for what is in the basket, and nothing after it."""
    text = _(
        "I agree to order what is listed here, and that %(shop)s charges my card %(due)s today, once, for it. I have "
        "read the terms and the information on my right of withdrawal within 14 days."
    ) % {"shop": settings.SHOP_NAME, "due": due.format()}
    return Term(f"order-{VERSION}", text)


def new_price(promise: PricePromise) -> Term:
    """The words beside the box by which a member agrees to a new price. Dates where the member lives."""
    price = promise.new_price
    text = _agreement_for_goods(price) if price.plan.sends_goods else _agreement(price)
    return Term(PRICE_CHANGE_VERSION, text % _price_facts(promise))


def _agreement(price: Price) -> str:
    if price.tax_included:
        return _(
            "I agree that from %(date)s my %(plan)s membership costs %(new)s %(every)s instead of %(old)s, tax "
            "included, until I cancel. I can take this back until that date, and cancel at any time."
        )
    return _(
        "I agree that from %(date)s my %(plan)s membership costs %(new)s %(every)s instead of %(old)s, until I "
        "cancel. I can take this back until that date, and cancel at any time."
    )


def _agreement_for_goods(price: Price) -> str:
    if price.tax_included:
        return _(
            "I agree that from %(date)s my subscription to %(plan)s costs %(new)s %(every)s instead of %(old)s, tax "
            "included, until I cancel. I can take this back until that date, and cancel at any time."
        )
    return _(
        "I agree that from %(date)s my subscription to %(plan)s costs %(new)s %(every)s instead of %(old)s, until I "
        "cancel. I can take this back until that date, and cancel at any time."
    )


def no_new_price(promise: PricePromise) -> Term:
    """What a member says who does not agree to a new price."""
    ends, sends_goods = promise.change.without_consent == WithoutConsent.END, promise.new_price.plan.sends_goods
    if ends and sends_goods:
        text = _("I do not agree to the new price of %(new)s. My subscription to %(plan)s ends on %(date)s.")
    elif ends:
        text = _("I do not agree to the new price of %(new)s. My %(plan)s membership ends on %(date)s.")
    elif sends_goods:
        text = _("I do not agree to the new price of %(new)s. I keep my subscription to %(plan)s at %(old)s %(every)s.")
    else:
        text = _("I do not agree to the new price of %(new)s. I keep my %(plan)s membership at %(old)s %(every)s.")
    return Term(PRICE_CHANGE_VERSION, text % _price_facts(promise))


def _price_facts(promise: PricePromise) -> dict[str, str]:
    return {
        "plan": promise.old_price.plan.name_i18n,
        "old": promise.old_total.format(),
        "new": promise.new_total.format(),
        "every": how_often(promise),
        "date": local_date(promise.applies_from, promise.subscription.customer.time_zone),
    }


def how_often(promise: PricePromise) -> str:
    """How often either price is charged, and that tax comes on top where it does."""
    price = promise.new_price
    return price.every if price.tax_included else price.per


def local_date(moment, zone: str) -> str:
    """The date of an instant where the customer lives, as the active language writes it."""
    return date_format(moment.astimezone(ZoneInfo(zone)), "DATE_FORMAT")
