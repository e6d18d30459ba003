"""What the member says to a new price. It can be changed until the date."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.accounts import services as accounts
from apps.accounts.models import Consent, User
from apps.mail import outbox
from apps.memberships import lifecycle, promise_emails
from apps.memberships.errors import NotOpen, Refused
from apps.memberships.models import Answer, HistoryKind, PricePromise, Subscription

from . import arming


def agree(
    promise_id: int, *, text: str, version: str, source: str, now: datetime, customer: User | None = None
) -> PricePromise:
    """The member agrees to the new price, in the words `text` of the `version` that were shown.

    `source` says where: "account", "mail". `customer` is who is signed in; None for the holder of the link in our mail.
    The same answer again changes nothing. Raises NotOpen for another customer's promise, Refused when it is too late or
    there is nothing to agree to.
    """
    return _answer(promise_id, Answer.AGREED, text=text, version=version, source=source, now=now, customer=customer)


def refuse(
    promise_id: int, *, text: str, version: str, source: str, now: datetime, customer: User | None = None
) -> PricePromise:
    """The member does not agree, or takes an agreement back; see `agree`."""
    return _answer(promise_id, Answer.REFUSED, text=text, version=version, source=source, now=now, customer=customer)


@transaction.atomic
def _answer(
    promise_id: int, answer: Answer, *, text: str, version: str, source: str, now: datetime, customer: User | None
) -> PricePromise:
    promise = _locked(promise_id, customer=customer)
    if not promise.is_answerable_at(now):
        raise Refused(_("This can no longer be answered. Your account shows the price you pay."))
    if promise.answer == answer:
        return promise
    before = promise.get_answer_display()
    member = promise.subscription.customer
    agreed = answer == Answer.AGREED
    promise.consent = accounts.record_consent(
        member,
        kind=Consent.Kind.PRICE_CHANGE,
        version=version,
        text=text,
        granted=agreed,
        source=source,
        now=now,
    )
    promise.answer, promise.answered_at, promise.answered_in = answer, now, source
    promise.save(update_fields=["consent", "answer", "answered_at", "answered_in"])
    if agreed:
        arming.arm([promise])
    else:
        arming.disarm([promise])
    lifecycle.record(
        promise.subscription,
        HistoryKind.PROMISE,
        old=before,
        new=promise.get_answer_display(),
        reason=str(promise),
        actor=member.email,
        now=now,
    )
    outbox.put_many([promise_emails.answered(promise, text=text, now=now)], now=now)
    return promise


def _locked(promise_id: int, *, customer: User | None) -> PricePromise:
    """The promise and its subscription, locked in the order of the renewal: the subscription first. The change is
    shared, so that it is not withdrawn meanwhile."""
    whose = {} if customer is None else {"customer": customer}
    subscription = (
        Subscription.objects.select_for_update(of=("self",)).filter(price_promises=promise_id, **whose).first()
    )
    if subscription is None:
        raise NotOpen(_("There is no such price change."))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM memberships_pricechange c JOIN memberships_pricepromise p ON p.change_id = c.id "
            "WHERE p.id = %s FOR SHARE OF c",
            [promise_id],
        )
    return PricePromise.objects.for_pages().select_for_update(of=("self",)).get(pk=promise_id)
