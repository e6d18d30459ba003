"""What staff decide about a price change: draft, plan, withdraw."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.memberships import price_lifecycle, promise_rules
from apps.memberships.errors import IllegalMove, Refused
from apps.memberships.models import PriceChange, PriceChangeStatus


def check(change: PriceChange, *, now: datetime) -> None:
    """Refuse terms that cannot be kept. Raises Refused with a sentence for staff."""
    old, new = change.old_price, change.new_price
    if (old.plan_id, old.currency, old.rhythm) != (new.plan_id, new.currency, new.rhythm):
        raise Refused(_("Both must be versions of one price: the same plan, currency and interval."))
    if old.term_periods is not None:
        raise Refused(_("The price of a fixed term holds until the term is over."))
    if old.tax_included != new.tax_included:
        # Their amounts do not compare: 11.00 plus tax is no lower price than 12.00 with it.
        raise Refused(_("Both must include the tax, or both must be without it."))
    if old.amount_minor == new.amount_minor:
        raise Refused(_("Both versions cost the same."))
    if old.is_free:
        raise Refused(_("A free membership becomes a paid one by signing up, with a card and the terms."))
    if old.is_on_sale_at(now):
        raise Refused(_("This version is still on sale. Give the price a new version first."))
    if not promise_rules.check_notice_days(change.notice_days):
        raise Refused(
            _("Give falling whole days from %(most)d to 1, such as 35, 10.") % {"most": promise_rules.LONGEST_NOTICE}
        )
    if change.effective_at < change.earliest(now):
        raise Refused(
            _("The first notice is due %(days)d days before. The change can take effect from %(date)s on.")
            % {"days": max(change.notice_days), "date": f"{change.earliest(now):%Y-%m-%d %H:%M} UTC"}
        )


@transaction.atomic
def draft(change: PriceChange, *, actor: str, now: datetime) -> PriceChange:
    """Save a new draft. Nothing is sent. Raises Refused."""
    check(change, now=now)
    price_lifecycle.begin(change, actor=actor, now=now)
    return change


@transaction.atomic
def revise(change: PriceChange, *, now: datetime) -> PriceChange:
    """Save a changed draft. Raises Refused, also for one that is planned by now."""
    if _locked(change.pk).status != PriceChangeStatus.DRAFT:
        raise Refused(_("A planned price change is not edited: withdraw it and make a new one."))
    check(change, now=now)
    change.save()
    return change


@transaction.atomic
def plan(change_id: int, *, actor: str, now: datetime) -> PriceChange:
    """Carry the draft out: the worker writes a promise for each member on the old price and gives the notices.

    Safe to repeat. Raises Refused when the terms cannot be kept any more, or when another change of the same price is
    under way.
    """
    change = _locked(change_id)
    if change.status == PriceChangeStatus.PLANNED:
        return change
    if change.status != PriceChangeStatus.DRAFT:
        raise Refused(_("This price change is closed."))
    check(change, now=now)
    # Two drafts of one price could be planned at once: the row of the price lets one go after the other.
    type(change.old_price).objects.select_for_update(no_key=True).get(pk=change.old_price_id)
    if PriceChange.objects.planned().filter(old_price=change.old_price).exists():
        raise Refused(_("Another change of this price is planned. Withdraw it first."))
    price_lifecycle.plan(change, actor=actor, now=now)
    return change


@transaction.atomic
def withdraw(change_id: int, *, reason: str, actor: str, now: datetime) -> PriceChange:
    """Stop everything that has not happened: nobody else moves from now on, whatever they answered.

    Who has moved stays moved. The worker closes the promises and tells those who had a notice. Safe to repeat. Raises
    Refused for one that is done.
    """
    change = _locked(change_id)
    if change.status == PriceChangeStatus.WITHDRAWN:
        return change
    try:
        price_lifecycle.withdraw(change, reason=reason, actor=actor, now=now)
    except IllegalMove as problem:
        raise Refused(_("This price change is done.")) from problem
    return change


def _locked(change_id: int) -> PriceChange:
    return (
        PriceChange.objects.select_for_update(of=("self",))
        .select_related("old_price__plan", "new_price__plan")
        .get(pk=change_id)
    )
