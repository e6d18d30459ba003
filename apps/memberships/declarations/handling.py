"""What the workers, and staff, do with a declaration."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.memberships.errors import Refused
from apps.memberships.models import Declaration, Doubt, Handling, HandlingStatus, Manner, Subscription
from apps.memberships.services import cancelling, withdrawing

from . import emails, lifecycle, matching

log = logging.getLogger(__name__)

# How long what cannot be undone waits for an objection.
PATIENCE = timedelta(hours=24)
BATCH = 50
_ACTOR = "declaration"


def handle_due(*, now: datetime) -> int:
    """Carry on the declarations whose time has come, each in a transaction of its own; returns how many.

    One that cannot be carried out goes to a person, with the problem.
    """
    handled = 0
    while batch := list(Handling.objects.to_handle(now).values_list("pk", flat=True)[:BATCH]):
        for pk in batch:
            _handle(pk, now=now)
        handled += len(batch)
    return handled


@transaction.atomic
def carry_out(handling_id: int, *, actor: str, now: datetime) -> Handling:
    """Staff, or the reader of the letter, have it carried out now. Raises Refused where nothing can be carried out."""
    handling = locked(handling_id)
    if handling.status not in (HandlingStatus.WAITING, HandlingStatus.PERSON) or handling.subscription is None:
        raise Refused(_("There is nothing to carry out."))
    _carry_out(handling, actor=actor, now=now)
    return handling


def withdraw_at_once(declaration: Declaration, subscription: Subscription, *, now: datetime) -> Handling:
    """Carry out what a signed-in customer has just declared about a membership of theirs. Safe to repeat.

    The declaration stands, whatever comes of it: where it cannot be carried out, a person is asked, and Refused raised.
    Where a parcel has to come back first, the contract ends and the handling waits with Doubt.PARCEL for the refund.
    """
    try:
        with transaction.atomic():
            handling = locked(declaration.handling.pk)
            if handling.status in (HandlingStatus.RECEIVED, HandlingStatus.WAITING):
                handling.customer, handling.subscription = subscription.customer, subscription
                _carry_out(handling, actor=subscription.customer.email, now=now)
            return handling
    except Refused as refusal:
        with transaction.atomic():
            handling = locked(declaration.handling.pk)
            handling.customer, handling.subscription = subscription.customer, subscription
            lifecycle.ask_person(handling, Doubt.FAILED, problem=str(refusal))
        raise


@transaction.atomic
def answer(handling_id: int, text: str, *, actor: str, now: datetime) -> Handling:
    """Staff close a declaration with an answer to its address. Raises Refused where no person was asked."""
    handling = locked(handling_id)
    if handling.status != HandlingStatus.PERSON:
        raise Refused(_("This does not wait here any more."))
    if not text.strip():
        raise Refused(_("Write the answer."))
    lifecycle.answer(handling, text.strip(), actor=actor, now=now)
    emails.answered(handling, now=now)
    return handling


def locked(handling_id: int) -> Handling:
    """The row, locked until the transaction ends, with what it is about."""
    return (
        Handling.objects.select_for_update(of=("self",))
        .select_related("declaration", "customer", "subscription__customer", "subscription__plan")
        .get(pk=handling_id)
    )


def _handle(pk: int, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            handling = locked(pk)
            if handling.act_at is None or handling.act_at > now:
                return
            with override(handling.declaration.locale):
                if handling.status == HandlingStatus.RECEIVED:
                    _begin(handling, now=now)
                else:
                    _carry_out(handling, actor=_ACTOR, now=now)
    except Exception as problem:
        log.exception("Declaration %s could not be carried out", pk)
        with transaction.atomic():
            lifecycle.ask_person(locked(pk), Doubt.FAILED, problem=f"{type(problem).__name__}: {problem}")


def _begin(handling: Handling, *, now: datetime) -> None:
    declaration = handling.declaration
    match = matching.find(declaration)
    handling.customer, handling.subscription = match.customer, match.subscription
    if match.doubt != Doubt.NONE or match.subscription is None:
        lifecycle.ask_person(handling, match.doubt)
    elif handling.is_withdrawal:
        handling.held = cancelling.hold(
            match.subscription.pk, customer=match.subscription.customer, actor=_ACTOR, now=now
        )
        lifecycle.wait(handling, until=declaration.declared_at + PATIENCE)
    elif cancelling.ends_at_once(match.subscription):
        lifecycle.wait(handling, until=declaration.declared_at + PATIENCE)
    else:
        _carry_out(handling, actor=_ACTOR, now=now)


def _carry_out(handling: Handling, *, actor: str, now: datetime) -> None:
    assert handling.subscription is not None, "only what was found is carried out"
    if handling.is_withdrawal:
        _withdraw(handling, handling.subscription, actor=actor, now=now)
        return
    _cancel(handling, now=now)
    if handling.declaration.manner == Manner.GOOD_REASON and handling.status != HandlingStatus.PERSON:
        lifecycle.ask_person(handling, Doubt.GOOD_REASON)
    else:
        lifecycle.finish(handling, actor=actor, now=now)


def _withdraw(handling: Handling, subscription: Subscription, *, actor: str, now: datetime) -> None:
    """End it, and give everything back: at once, or in a second step where a parcel has to come back first."""
    if handling.doubt == Doubt.PARCEL:
        back = withdrawing.give_back(subscription.pk, actor=actor, now=now)
    else:
        waits = withdrawing.goods_are_out(subscription)
        back = withdrawing.withdraw(
            subscription.pk,
            customer=subscription.customer,
            declared_at=handling.declaration.declared_at,
            actor=actor,
            now=now,
            refund=not waits,
        )
        if waits:
            lifecycle.ask_person(handling, Doubt.PARCEL)
            emails.withdrawn_from_goods(handling, now=now)
            return
    handling.currency = back.total.currency
    handling.to_card_minor, handling.to_credit_minor = back.to_card.minor, back.to_credit.minor
    lifecycle.finish(handling, actor=actor, now=now)
    emails.withdrawn(handling, now=now)


def _cancel(handling: Handling, *, now: datetime) -> None:
    subscription = handling.subscription
    assert subscription is not None
    before = subscription.is_cancelling
    cancelling.request_cancel(subscription.pk, customer=subscription.customer, actor=_ACTOR, now=now)
    handling.held = not before
