"""Redeeming a gift, without a card: what it will do is said before, and is what it does.

- Who has no membership, a free one or a complimentary one, gets a membership with a fixed end, which never renews.
- Who has a gift membership of the same plan gets it extended.
- Who pays for a membership of the group gets the value as credit, which pays the next invoices.
- Otherwise (another currency, another plan's gift, a membership that is cancelled) the gift is kept: the code stays
  good until it expires, and can be redeemed when the present membership is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import User
from apps.billing import credit, invoices, tax
from apps.billing.drafts import Draft, LineDraft
from apps.billing.models import Account, Invoice, Refund
from apps.memberships import destinations
from apps.memberships import lifecycle as memberships
from apps.memberships.errors import GiftNotUsable, KeptForLater, QuoteChanged
from apps.memberships.models import Gift, GiftStatus, GiftUse, Origin, Period, Status, Subscription
from apps.memberships.rules import told
from apps.memberships.services import finding
from apps.memberships.signals import periods_paid

from . import emails, lifecycle, rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What redeeming does. The dates are those of the membership (None for credit); `ends` is the free or
    complimentary membership that gives way, `pays_for` the one whose invoices the credit pays."""

    use: GiftUse
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    ends: Subscription | None = None
    pays_for: Subscription | None = None


def find(code: str, *, now: datetime) -> Gift:
    """The gift with this code, as it was typed. Raises GiftNotUsable, with why, unless it can be redeemed at `now`."""
    gift = Gift.objects.select_related("price__plan", "buyer").filter(code=rules.read_code(code) or "-").first()
    _require_usable(gift, now=now)
    assert gift is not None
    return gift


def effect_of(gift: Gift, *, customer: User, now: datetime) -> Effect:
    """What redeeming the gift at `now` would do for this customer. Raises KeptForLater, with why and until when."""
    group = gift.price.plan.group
    held = (
        Subscription.objects.held()
        .filter(customer=customer, plan_group=group)
        .select_related("plan", "price__plan")
        .first()
    )
    if held is None or held.price.is_free:
        _refuse_unfinished_signup(customer, group)
        _require_tax_rate(gift, customer, now=now)
        return Effect(use=GiftUse.STARTS, starts_at=now, ends_at=_end(gift, customer, start=now), ends=held)
    if held.is_gift:
        if held.plan_id != gift.price.plan_id or held.ends_at is None or held.ends_at <= now:
            raise KeptForLater(_later(_("You have a gift of another plan."), held))
        _require_tax_rate(gift, customer, now=now)
        end = _end(gift, customer, start=held.ends_at)
        return Effect(use=GiftUse.EXTENDS, starts_at=held.ends_at, ends_at=end, pays_for=held)
    if held.is_cancelling:
        raise KeptForLater(_later(_("What you have is cancelled, so there is nothing to pay with it."), held))
    if held.is_last_period:
        raise KeptForLater(_later(_("What you have ends with this period, so there is nothing to pay with it."), held))
    if held.price.currency != gift.currency:
        raise KeptForLater(
            _("What you have is paid in %(currency)s, the gift in %(other)s. You can redeem it when that is over.")
            % {"currency": held.price.currency, "other": gift.currency}
        )
    return Effect(use=GiftUse.CREDIT, pays_for=held)


@transaction.atomic
def redeem(code: str, *, customer: User, shown: GiftUse | str, now: datetime) -> Gift:
    """Use the gift up for this customer, once. `shown` is the use that the customer was told of.

    Raises GiftNotUsable (unknown, used, expired, taken back), KeptForLater, and QuoteChanged when it would do something
    else by now than what was shown; nothing is changed then.
    """
    finding.lock_customer(customer)
    gift = (
        Gift.objects.select_for_update(of=("self",))
        .select_related("price__plan", "buyer")
        .filter(code=rules.read_code(code) or "-")
        .first()
    )
    _require_usable(gift, now=now)
    assert gift is not None
    effect = effect_of(gift, customer=customer, now=now)
    if effect.use != shown:
        raise QuoteChanged(_("Something has changed since you saw this page. Please look at it again."))
    credit.grant(
        customer,
        money=gift.amount,
        key=f"gift:{gift.pk}",
        reason=_("Gift redeemed"),
        now=now,
        source_account=Account.GIFTS,
    )
    covered: Period | None = None
    match effect.use:
        case GiftUse.STARTS:
            subscription, covered = _begin(gift, effect, customer, now=now)
        case GiftUse.EXTENDS:
            subscription, covered = _extend(gift, effect, customer, now=now)
        case _:
            assert effect.pays_for is not None
            subscription = effect.pays_for
    lifecycle.redeem(gift, customer=customer, use=effect.use, subscription=subscription, now=now)
    if covered is not None:
        periods_paid.send(Period, period_ids=[covered.pk], now=now)
    emails.redeemed(gift, customer=customer, ends_at=effect.ends_at, now=now)
    return gift


def _begin(gift: Gift, effect: Effect, customer: User, *, now: datetime) -> tuple[Subscription, Period]:
    """The membership with a fixed end, and its time; a free or complimentary one gives way to it."""
    subscription = Subscription.objects.create(
        customer=customer,
        price=gift.price,
        plan=gift.price.plan,
        plan_group=gift.price.plan.group,
        origin=Origin.GIFT,
        anchor=now,
        zone=customer.time_zone,
        current_start=now,
        current_end=effect.ends_at,
        ends_at=effect.ends_at,
        created_at=now,
    )
    covered = _cover(gift, effect, subscription, customer, now=now)
    return memberships.activate(subscription.pk, now=now, actor=customer.email), covered


def _extend(gift: Gift, effect: Effect, customer: User, *, now: datetime) -> tuple[Subscription, Period]:
    subscription = finding.open_subscription(_pk(effect.pays_for), customer=customer)
    covered = _cover(gift, effect, subscription, customer, now=now)
    subscription.current_end = subscription.ends_at = effect.ends_at
    subscription.save(update_fields=["current_end", "ends_at"])
    return subscription, covered


def _cover(gift: Gift, effect: Effect, subscription: Subscription, customer: User, *, now: datetime) -> Period:
    """The invoice of the given time, paid by the gift's credit at once, and the span that it covers."""
    assert effect.starts_at is not None
    assert effect.ends_at is not None
    sent_to = destinations.country(customer.pk, gift.price.plan)
    rate = tax.rate_for(sent_to or customer.country, now.date()).basis_points
    with override(customer.locale):
        description = rules.describe(gift.price, gift.periods)
    line = LineDraft(
        kind="plan",
        description=description,
        quantity=gift.periods,
        unit_minor=gift.price.amount_minor,
        amount_minor=gift.amount_minor,
        tax_basis_points=rate,
        period_start=effect.starts_at,
        period_end=effect.ends_at,
        inputs={
            "unit_minor": gift.price.amount_minor,
            "quantity": gift.periods,
            **told(gift.price),
            "gift": gift.pk,
        },
    )
    draft = Draft(
        customer=customer,
        key=f"gift-redeemed:{gift.token}",
        currency=gift.currency,
        reason="gift",
        lines=[line],
        collect_at=now,
        country=sent_to,
    )
    [invoice] = invoices.issue([draft], now=now)
    assert invoice.status == Invoice.Status.PAID, "the credit was granted in this transaction"
    return Period.objects.create(
        subscription=subscription,
        number=0,
        start=effect.starts_at,
        end=effect.ends_at,
        price=gift.price,
        invoice=invoice,
        currency=gift.currency,
        gross_minor=invoice.total_minor,
        tax_minor=invoice.tax_minor,
        tax_basis_points=rate,
    )


def _require_usable(gift: Gift | None, *, now: datetime) -> None:
    if gift is None or gift.status in (GiftStatus.OPEN, GiftStatus.FAILED):
        raise GiftNotUsable(_("There is no gift with this code. Please check it for a wrong letter."))
    if gift.status == GiftStatus.REDEEMED:
        raise GiftNotUsable(_("This gift has been redeemed already."))
    returned = Refund.objects.counted().filter(payment__invoice=gift.invoice_id)
    if gift.status == GiftStatus.REFUNDED or returned.exists():
        raise GiftNotUsable(_("This gift was taken back: its buyer has the money again."))
    if gift.status == GiftStatus.LAPSED or (gift.expires_at is not None and gift.expires_at <= now):
        raise GiftNotUsable(_("The time in which this gift could be redeemed is over."))


def _refuse_unfinished_signup(customer: User, group: str) -> None:
    unfinished = Subscription.objects.filter(customer=customer, plan_group=group, status=Status.INCOMPLETE)
    if unfinished.exists():
        raise KeptForLater(_("The payment of a sign-up of yours is on its way. Please wait for it."))


def _require_tax_rate(gift: Gift, customer: User, *, now: datetime) -> None:
    sent_to = destinations.country(customer.pk, gift.price.plan)
    try:
        tax.rate_for(sent_to or customer.country, now.date())
    except tax.NoTaxRate as problem:
        raise KeptForLater(_("We cannot sell to your country yet.")) from problem


def _end(gift: Gift, customer: User, *, start: datetime) -> datetime:
    interval = gift.price.interval
    return rules.end_of(start, interval=interval, periods=gift.periods, zone=customer.time_zone)


def _later(why: str, held: Subscription) -> str:
    if held.ends_at is None:
        return why
    day = date_format(held.ends_at.astimezone(ZoneInfo(held.zone)), "DATE_FORMAT")
    return _("%(why)s You can redeem the gift from %(day)s on.") % {"why": why, "day": day}


def _pk(subscription: Subscription | None) -> int:
    assert subscription is not None
    return subscription.pk
