"""Disputes: asking the gateway what became of them, answering, and giving in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from . import gateway, lifecycle, papers
from .gateway.port import Gateway, GatewayError, GatewayMisconfigured, GatewayRefused
from .lifecycle.disputes import ASK_AGAIN
from .models import Dispute, Invoice

log = logging.getLogger(__name__)

BATCH = 50


class CannotAnswer(Exception):
    """The dispute does not wait for an answer, or the gateway does not take one."""


def ask_due(*, now: datetime) -> int:
    """Ask the gateway about every dispute whose time has come; returns how many."""
    handled = 0
    while rows := _take(now=now):
        for dispute in rows:
            _ask(dispute, now=now)
        handled += len(rows)
    return handled


def ask(dispute_id: int, *, now: datetime) -> Dispute:
    """Ask about one dispute at once and return it. Never call it inside a transaction. Raises GatewayError."""
    dispute = Dispute.objects.get(pk=dispute_id)
    return lifecycle.learn_of_dispute(dispute.pk, gateway.get().read_dispute(dispute.gateway_id), now=now)


def answer(dispute_id: int, *, statement: str, now: datetime) -> Dispute:
    """Send the bank what proves the purchase: our statement, and what the books say. It can be sent once.

    Never call it inside a transaction. Raises CannotAnswer and GatewayError."""
    evidence = {**_from_the_books(dispute_id), "uncategorized_text": statement}
    return _act(dispute_id, lambda adapter, name: adapter.answer_dispute(name, evidence=evidence), now=now)


def accept(dispute_id: int, *, now: datetime) -> Dispute:
    """Give in: the customer keeps the money. Never call it inside a transaction. Raises CannotAnswer and
    GatewayError."""
    return _act(dispute_id, lambda adapter, name: adapter.accept_dispute(name), now=now)


def _act(dispute_id: int, send: Callable[[Gateway, str], None], *, now: datetime) -> Dispute:
    """First the present state, so that nobody answers what is decided; then the act; then what came of it."""
    dispute = ask(dispute_id, now=now)
    if dispute.status != Dispute.Status.NEEDS_RESPONSE:
        raise CannotAnswer(f"Dispute {dispute} is {dispute.status}")
    try:
        send(gateway.get(), dispute.gateway_id)
    except GatewayRefused as refusal:
        raise CannotAnswer(str(refusal)) from refusal
    return ask(dispute_id, now=now)


@transaction.atomic
def _take(*, now: datetime) -> list[Dispute]:
    """Disputes to ask about, put out of reach of other workers meanwhile."""
    rows = list(Dispute.objects.to_ask(now).select_for_update(skip_locked=True)[:BATCH])
    Dispute.objects.filter(pk__in=[row.pk for row in rows]).update(check_at=now + ASK_AGAIN)
    return rows


def _ask(dispute: Dispute, *, now: datetime) -> None:
    try:
        ask(dispute.pk, now=now)
    except GatewayMisconfigured:
        raise
    except GatewayRefused as refusal:
        # An event named a dispute that is not there: nothing will ever be known of it.
        Dispute.objects.filter(pk=dispute.pk).update(check_at=None, message=str(refusal))
    except lifecycle.IllegalMove as problem:
        log.error("The gateway tells of dispute %s what cannot be: %s", dispute, problem)
        Dispute.objects.filter(pk=dispute.pk).update(message=str(problem))
    except GatewayError as problem:
        log.warning("The gateway could not say what became of dispute %s: %s", dispute, problem)
        Dispute.objects.filter(pk=dispute.pk).update(message=str(problem))


def _from_the_books(dispute_id: int) -> dict[str, str]:
    """Evidence by Stripe's names (https://docs.stripe.com/api/disputes/evidence_object)."""
    invoice = Invoice.objects.with_lines().filter(payments__disputes=dispute_id).first()
    if invoice is None:
        return {}
    paper = papers.of_invoice(invoice)
    days = [f"{moment:%Y-%m-%d}" for moment in (paper.supply_start, paper.supply_end) if moment]
    return {
        "customer_name": invoice.customer_name or invoice.customer_email,
        "customer_email_address": invoice.customer_email,
        "product_description": f"{invoice.number}: {', '.join(line.description for line in paper.lines)}",
        "service_date": " – ".join(days),
    }
