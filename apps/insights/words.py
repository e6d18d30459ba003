"""What the workers did, in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

_DID = {
    "memberships.promises": ngettext_lazy("%d price promise advanced", "%d price promises advanced"),
    "memberships.trials": ngettext_lazy("%d end of a trial announced", "%d ends of trials announced"),
    "memberships.bill": ngettext_lazy("%d renewal billed", "%d renewals billed"),
    "memberships.pause": ngettext_lazy("%d pause begun", "%d pauses begun"),
    "memberships.resume": ngettext_lazy("%d membership resumed", "%d memberships resumed"),
    "memberships.remind": ngettext_lazy("%d reminder of a pause's end sent", "%d reminders of a pause's end sent"),
    "memberships.gifts": ngettext_lazy("%d gift lapsed", "%d gifts lapsed"),
    "memberships.ending": ngettext_lazy("%d end of a membership announced", "%d ends of memberships announced"),
    "memberships.end": ngettext_lazy("%d membership ended", "%d memberships ended"),
    "memberships.abandon": ngettext_lazy("%d unfinished sign-up closed", "%d unfinished sign-ups closed"),
    "memberships.declarations": ngettext_lazy("%d declaration carried on", "%d declarations carried on"),
    "billing.collect": ngettext_lazy("%d payment tried", "%d payments tried"),
    "billing.tax_numbers": ngettext_lazy("%d VAT number asked about", "%d VAT numbers asked about"),
    "billing.janitor": ngettext_lazy("%d uncertain payment looked up", "%d uncertain payments looked up"),
    "billing.refund": ngettext_lazy("%d refund carried out", "%d refunds carried out"),
    "billing.disputes": ngettext_lazy("%d dispute looked up", "%d disputes looked up"),
    "billing.recognise": ngettext_lazy("%d month of a service recognised", "%d months of services recognised"),
    "billing.dunning": ngettext_lazy("%d step of a recovery taken", "%d steps of recoveries taken"),
    "billing.reconcile": ngettext_lazy("%d record compared", "%d records compared"),
    "billing.prune": ngettext_lazy("%d old webhook row deleted", "%d old webhook rows deleted"),
    "orders.abandon": ngettext_lazy("%d unpaid order closed", "%d unpaid orders closed"),
    "orders.box_stops": ngettext_lazy("%d customer told of a change in a box", "%d customers told of changes in boxes"),
    "orders.box_closing": ngettext_lazy(
        "%d customer told what the next box holds", "%d customers told what the next box holds"
    ),
    "orders.boxes": ngettext_lazy("%d box made ready", "%d boxes made ready"),
    "orders.forget_cards": ngettext_lazy("%d card of a guest forgotten", "%d cards of guests forgotten"),
    "orders.forget_baskets": ngettext_lazy("%d old basket forgotten", "%d old baskets forgotten"),
    "loyalty.expire": ngettext_lazy("%d lot of points expired", "%d lots of points expired"),
    "offers.suggest": ngettext_lazy("%d upgrade suggested", "%d upgrades suggested"),
    "offers.expire": ngettext_lazy("%d offer ended", "%d offers ended"),
    "campaigns.expiring_cards": ngettext_lazy(
        "%d customer told that a card expires", "%d customers told that a card expires"
    ),
    "campaigns.review_requests": ngettext_lazy("%d buyer asked for a review", "%d buyers asked for reviews"),
    "campaigns.notices": ngettext_lazy("%d renewal notice given", "%d renewal notices given"),
    "campaigns.advance": ngettext_lazy("%d campaign step taken", "%d campaign steps taken"),
    "insights.rehearse": ngettext_lazy("%d rehearsal carried out", "%d rehearsals carried out"),
    "accounts.export": ngettext_lazy("%d copy of data made or deleted", "%d copies of data made or deleted"),
    "accounts.erase": ngettext_lazy("%d account erased", "%d accounts erased"),
    "mail.deliver": ngettext_lazy("%d mail delivered", "%d mails delivered"),
    "core.prune": ngettext_lazy("%d old worker run forgotten", "%d old worker runs forgotten"),
}
_NAMES = {
    "memberships.promises": _("Keep price promises"),
    "memberships.trials": _("Announce the end of trials"),
    "memberships.bill": _("Bill renewals"),
    "memberships.pause": _("Begin pauses"),
    "memberships.resume": _("End pauses"),
    "memberships.remind": _("Remind of the end of pauses"),
    "memberships.gifts": _("Close gifts that nobody redeemed"),
    "memberships.ending": _("Remind of memberships that end by themselves"),
    "memberships.end": _("End memberships"),
    "memberships.abandon": _("Close unfinished sign-ups"),
    "memberships.declarations": _("Carry out what was declared without a login"),
    "billing.collect": _("Collect payments"),
    "billing.tax_numbers": _("Ask about VAT numbers"),
    "billing.janitor": _("Look up uncertain payments"),
    "billing.refund": _("Carry out refunds"),
    "billing.disputes": _("Look up disputes"),
    "billing.recognise": _("Recognise revenue"),
    "billing.dunning": _("Recover failed payments"),
    "billing.reconcile": _("Compare with the gateway's books"),
    "billing.prune": _("Forget old webhook events"),
    "orders.abandon": _("Close unpaid orders"),
    "orders.box_stops": _("Carry out what was decided about boxes"),
    "orders.box_closing": _("Tell what the next boxes hold"),
    "orders.boxes": _("Make boxes ready"),
    "orders.forget_cards": _("Forget the cards of guests"),
    "orders.forget_baskets": _("Forget old baskets"),
    "loyalty.expire": _("Expire points"),
    "offers.suggest": _("Suggest upgrades"),
    "offers.expire": _("End offers"),
    "campaigns.expiring_cards": _("Tell of cards that expire"),
    "campaigns.review_requests": _("Ask for reviews"),
    "campaigns.notices": _("Give renewal notices"),
    "campaigns.advance": _("Carry campaigns on"),
    "insights.rehearse": _("Rehearse renewals"),
    "accounts.export": _("Make copies of data"),
    "accounts.erase": _("Erase accounts"),
    "mail.deliver": _("Deliver mail"),
    "core.prune": _("Forget old worker runs"),
}


def name(sweep: str) -> str:
    """A sweep's name for people; its own where it has none."""
    return str(_NAMES.get(sweep, sweep))


def did(sweep: str, count: int) -> str:
    """ "3 renewals billed"."""
    if sweep not in _DID:
        return ngettext("%(name)s: %(count)d row", "%(name)s: %(count)d rows", count) % {"name": sweep, "count": count}
    return _DID[sweep] % count


def all_done(handled: Mapping[str, int]) -> str:
    """One sentence of what several sweeps did, in the order given; empty when nothing was done."""
    return ", ".join(did(sweep, count) for sweep, count in handled.items() if count)
