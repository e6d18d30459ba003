"""What memberships holds of a person."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.core import privacy
from apps.core.privacy import Person, Row, rows
from apps.mail import privacy as mail
from apps.mail.models import Message
from apps.mail.models import Status as MailStatus

from .gifts import emails as gift_emails
from .models import (
    Declaration,
    Gift,
    GiftStatus,
    Handling,
    HandlingStatus,
    History,
    Pause,
    Period,
    PlanChange,
    PricePromise,
    Signup,
    Status,
    Subscription,
)

_CONTRACT = _("To carry out the contract.")


@privacy.exports("memberships", title=_("Memberships and boxes"), why=_CONTRACT)
def memberships(person: Person) -> list[Row]:
    fields = [
        "id",
        "plan__name",
        "status",
        "origin",
        "quantity",
        "zone",
        "current_start",
        "current_end",
    ]
    said = ["cancel_reason", "cancel_note", "end_reason", "started_at", "ends_at", "ended_at", "created_at"]
    return rows(Subscription.objects.filter(customer=person.id), *fields, *said)


@privacy.exports("periods", title=_("Paid periods"), why=_CONTRACT)
def periods(person: Person) -> list[Row]:
    fields = ["subscription", "number", "start", "end", "currency", "gross_minor", "tax_minor", "credited_minor"]
    return rows(Period.objects.filter(subscription__customer=person.id), *fields, "invoice__number")


@privacy.exports("membership-history", title=_("What happened to your memberships and boxes"), why=_CONTRACT)
def history(person: Person) -> list[Row]:
    mine = History.objects.filter(subscription__customer=person.id)
    return rows(mine, "subscription", "kind", "old", "new", "reason", "at")


@privacy.exports("plan-changes", title=_("Changes of plan"), why=_CONTRACT)
def changes(person: Person) -> list[Row]:
    mine = PlanChange.objects.filter(subscription__customer=person.id)
    return rows(mine, "subscription", "price__plan__name", "quantity", "status", "effective_at", "quote")


@privacy.exports("pauses", title=_("Pauses"), why=_CONTRACT)
def pauses(person: Person) -> list[Row]:
    return rows(Pause.objects.filter(customer=person.id), "kind", "begins_at", "resumes_at", "closed_at", "outcome")


@privacy.exports("sign-ups", title=_("Sign-ups"), why=_CONTRACT)
def signups(person: Person) -> list[Row]:
    fields = ["price__plan__name", "quantity", "status", "quote", "created_at", "completed_at"]
    return rows(Signup.objects.filter(customer=person.id), *fields)


@privacy.exports("price-promises", title=_("Price promises"), why=_CONTRACT)
def promises(person: Person) -> list[Row]:
    mine = PricePromise.objects.filter(subscription__customer=person.id)
    return rows(mine, "subscription", "applies_from", "answer", "outcome")


@privacy.exports("gifts", title=_("Gifts"), why=_CONTRACT)
def gifts(person: Person) -> list[Row]:
    """Those bought, with whom they are for; those redeemed, without who bought them."""
    fields = ["price__plan__name", "periods", "currency", "amount_minor", "status", "paid_at"]
    to_whom = ["recipient_name", "recipient_email", "greeting"]
    bought = rows(Gift.objects.filter(buyer=person.id), *fields, *to_whom)
    return bought + rows(Gift.objects.filter(redeemed_by=person.id).exclude(buyer=person.id), *fields)


@privacy.exports(
    "declarations", title=_("Cancellations and withdrawals"), why=_("To be able to show what you declared.")
)
def declarations(person: Person) -> list[Row]:
    mine = Declaration.objects.filter(_declared_by(person))
    return rows(mine, "kind", "manner", "name", "email", "contract", "words", "declared_at", "handling__status")


@privacy.obstacle
def open_contracts(person: Person) -> list[str]:
    found = []
    mine = Subscription.objects.filter(customer=person.id)
    if mine.held().exists():
        found.append(_text("You have a membership. Cancel it, and wait until it has ended."))
    if mine.filter(status=Status.INCOMPLETE).exists():
        found.append(_text("A sign-up is not finished. It closes by itself within a day."))
    waiting = [HandlingStatus.RECEIVED, HandlingStatus.WAITING, HandlingStatus.PERSON]
    if Handling.objects.filter(customer=person.id, status__in=waiting).exists():
        found.append(_text("A cancellation or withdrawal of yours waits for its outcome."))
    keys = [gift_emails.delivery_key(gift) for gift in Gift.objects.filter(buyer=person.id, status=GiftStatus.WAITING)]
    if Message.objects.filter(key__in=keys, status=MailStatus.PENDING).exists():
        found.append(_text("A gift from you is not delivered yet. Wait for its day, or take it back."))
    return found


@privacy.erases
def forget(person: Person, *, now: datetime) -> None:
    """Contracts and what happened to them stay for the books, without anybody's words."""
    mine = Subscription.objects.filter(customer=person.id)
    mine.update(cancel_note="", comp_reason="")
    History.objects.filter(subscription__in=mine, actor__in=person.emails).update(actor=person.alias)
    PlanChange.objects.filter(subscription__in=mine, actor__in=person.emails).update(actor=person.alias)
    Pause.objects.filter(customer=person.id, actor__in=person.emails).update(actor=person.alias)
    _forget_gifts(person, now=now)
    declared = Declaration.objects.filter(_declared_by(person))
    letters = Message.objects.filter(to_email__in=declared.values("email"))
    mail.blank(letters, to=person.alias, now=now)
    Handling.objects.filter(declaration__in=declared).update(answer="", problem="")
    Handling.objects.filter(settled_by__in=person.emails).update(settled_by=person.alias)
    declared.update(name="–", email=person.alias, cause="", contract="", words="–")


def _declared_by(person: Person) -> Q:
    return Q(email__in=person.emails) | Q(handling__customer=person.id)


def _forget_gifts(person: Person, *, now: datetime) -> None:
    bought = Gift.objects.filter(buyer=person.id)
    keys = [gift_emails.delivery_key(gift) for gift in bought]
    mail.blank(Message.objects.filter(key__in=keys), to=person.alias, now=now)
    bought.update(recipient_name="–", recipient_email="", greeting="")
    Gift.objects.filter(closed_by__in=person.emails).update(closed_by=person.alias)
    # Somebody else's gift for this person: the code can still be handed over.
    received = Gift.objects.filter(recipient_email__in=person.emails)
    keys = [gift_emails.bought_key(gift) for gift in received]
    for email in person.emails:
        mail.take_out(email, Message.objects.filter(key__in=keys))
    received.update(recipient_email="", recipient_name="–", greeting="")
