"""Where the goods of plans that send any go: they are taxed where the dispatch ends, which may be elsewhere than where
their customer lives (Directive 2006/112/EC, Art. 33 (a); declared through the one-stop shop, Art. 369a-k)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from .models import Plan, Subscription
from .signals import destinations_asked_for

type Contract = tuple[int, str]


def countries(contracts: Collection[Contract]) -> dict[Contract, str]:
    """The countries (ISO 3166 alpha-2) to which goods go, by customer and group of plans, as far as anybody knows.
    Asks once for all of them, and nobody where there are none."""
    answers: list[tuple[Any, Any]] = []
    if contracts:
        answers = destinations_asked_for.send(Subscription, contracts=contracts)
    return {contract: country for _receiver, known in answers for contract, country in known.items()}


def country(customer_id: int, plan: Plan) -> str:
    """The country to which the goods of a plan go for this customer. Empty where it sends none, or nobody has said
    where to: it is taxed where the customer lives then."""
    contract = customer_id, plan.group
    return countries([contract]).get(contract, "") if plan.sends_goods else ""


def of(subscriptions: Iterable[Subscription]) -> dict[int, str]:
    """The country to which the goods of each subscription go, by its id, without those that send none or of which
    nobody has said where to."""
    senders = [row for row in subscriptions if row.holding_next.price.plan.sends_goods]
    known = countries([(row.customer_id, row.plan_group) for row in senders])
    pairs = ((row.pk, known.get((row.customer_id, row.plan_group))) for row in senders)
    return {pk: country for pk, country in pairs if country}
