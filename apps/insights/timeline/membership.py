"""What became of a customer's memberships, points and offers, and what they read."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.catalog.models import GuideView
from apps.core import translations
from apps.loyalty.models import PointsEntry
from apps.memberships.models import (
    ChangeStatus,
    Handling,
    History,
    HistoryKind,
    PlanChange,
    Signup,
    SignupStatus,
    Status,
)
from apps.offers.models import Offer

from .moment import Kind, Moment, page, sentence

_STATUS = dict(Status.choices)
_TONES: dict[str, str] = {Status.ACTIVE: "good", Status.TRIALING: "good", Status.PAST_DUE: "bad", Status.ENDED: "bad"}


def history(customer: User) -> list[Moment]:
    """States, plan changes, cancellations and what staff did."""
    rows = History.objects.filter(subscription__customer=customer).select_related("subscription__plan")
    moments = []
    for row in rows:
        if row.kind == HistoryKind.STATUS:
            title = _("%(plan)s: %(status)s") % {
                "plan": row.subscription.plan.name_i18n,
                "status": _STATUS.get(row.new, row.new),
            }
        else:
            change = " → ".join(_shown(row.kind, part) for part in (row.old, row.new) if part)
            title = f"{row.get_kind_display().capitalize()}: {change}"
        url = page("memberships_subscription", row.subscription_id)
        detail = sentence(row.reason, _("by %(actor)s") % {"actor": row.actor})
        moments.append(Moment(row.at, Kind.MEMBERSHIP, title, detail, url, _TONES.get(row.new, "")))
    return moments


def _shown(kind: str, value: str) -> str:
    """A value of a history row for people: cancellations and moved trials keep the instant of the end, pauses both
    ends, early renewals the next charge before and after (ISO 8601)."""
    if kind in (HistoryKind.PAUSE, HistoryKind.UNPAUSE, HistoryKind.EARLY):
        return date_format(datetime.fromisoformat(value), "DATETIME_FORMAT")
    if kind not in (HistoryKind.CANCEL, HistoryKind.UNDO, HistoryKind.TRIAL):
        return value
    return _("end on %(day)s") % {"day": date_format(datetime.fromisoformat(value), "DATETIME_FORMAT")}


def signups(customer: User) -> list[Moment]:
    """Sign-ups begun, with how they ended."""
    return [
        Moment(
            signup.created_at,
            Kind.MEMBERSHIP,
            _("Sign-up for %(price)s") % {"price": signup.price},
            sentence(signup.get_status_display(), signup.promotion, signup.message),
            page("memberships_signup", signup.pk),
            "bad" if signup.status == SignupStatus.FAILED else "",
        )
        for signup in Signup.objects.filter(customer=customer).select_related("price__plan", "promotion")
    ]


def changes(customer: User) -> list[Moment]:
    """Plan changes that were asked for and came to nothing, or still wait; those made are in the history."""
    rows = (
        PlanChange.objects.filter(subscription__customer=customer)
        .exclude(status=ChangeStatus.DONE)
        .select_related("price__plan")
    )
    return [
        Moment(
            row.settled_at or row.created_at,
            Kind.MEMBERSHIP,
            _("Change to %(price)s: %(status)s") % {"price": row.price, "status": row.get_status_display()},
            row.message,
            page("memberships_subscription", row.subscription_id),
            "bad" if row.status == ChangeStatus.FAILED else "",
        )
        for row in rows
    ]


def declarations(customer: User) -> list[Moment]:
    """What was declared without a login and found to be theirs, with what became of it."""
    return [
        Moment(
            handling.declaration.declared_at,
            Kind.MEMBERSHIP,
            _("Declared: %(what)s") % {"what": handling.declaration.get_kind_display()},
            sentence(handling.get_status_display(), handling.get_doubt_display() if handling.doubt else ""),
            page("memberships_declaration", handling.declaration_id),
        )
        for handling in Handling.objects.filter(customer=customer).select_related("declaration")
    ]


def points(customer: User) -> list[Moment]:
    return [
        Moment(
            entry.at,
            Kind.POINTS,
            ngettext("%(points)+d point", "%(points)+d points", abs(entry.points)) % {"points": entry.points},
            sentence(entry.get_kind_display(), entry.reason),
            page("loyalty_pointsentry", entry.pk),
        )
        for entry in PointsEntry.objects.filter(customer=customer)
    ]


def offers(customer: User) -> list[Moment]:
    """Every offer made, the control arm too, and every decision."""
    moments = []
    for offer in Offer.objects.filter(customer=customer).select_related("price__plan", "promotion"):
        url = page("offers_offer", offer.pk)
        name = f"{offer.get_kind_display()}: {offer.price.plan.name_i18n}"
        detail = sentence(offer.get_arm_display(), offer.reason_text, offer.terms_text)
        moments.append(Moment(offer.created_at, Kind.OFFER, _("Offer made: %(offer)s") % {"offer": name}, detail, url))
        if offer.decided_at:
            title = f"{name}: {offer.get_status_display()}"
            detail = sentence(offer.get_arm_display(), offer.converted_at and _("the customer did it"))
            moments.append(
                Moment(offer.decided_at, Kind.OFFER, title, detail, url, "good" if offer.converted_at else "")
            )
    return moments


def guides(customer: User) -> list[Moment]:
    """Guides opened: one moment for each guide, at its last opening."""
    views = (
        GuideView.objects.filter(customer=customer)
        .order_by()
        .values("locked", name=translations.text("product__name"))
        .annotate(times=Count("pk"), last=Max("at"))
    )
    return [
        Moment(
            view["last"],
            Kind.GUIDE,
            view["name"],
            sentence(
                _("preview only") if view["locked"] else _("read"),
                ngettext("opened %(times)d time", "opened %(times)d times", view["times"]) % {"times": view["times"]},
            ),
        )
        for view in views
    ]
