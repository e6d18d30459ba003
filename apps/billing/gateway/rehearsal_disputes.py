"""The disputes of the rehearsal gateway: opened and decided by whoever plays the bank. Its owner holds the lock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from apps.core.money import Money

from .port import DisputeDetails, GatewayRefused, Movement

FEE_MINOR = 2000
TIME_TO_ANSWER = timedelta(days=9)


class Disputes:
    """`new_id` makes an id of a kind."""

    def __init__(self, new_id: Callable[[str], str]) -> None:
        self._id = new_id
        self._rows: dict[str, DisputeDetails] = {}
        self.evidence: dict[str, dict[str, str]] = {}

    def open(self, intent_id: str, money: Money, *, reason: str, now: datetime) -> DisputeDetails:
        """The bank takes the money, and the gateway its fee."""
        taken = Movement(self._id("txn"), -money, Money(FEE_MINOR, money.currency))
        row = DisputeDetails(
            id=self._id("du"),
            intent_id=intent_id,
            status="needs_response",
            reason=reason,
            money=money,
            respond_by=now + TIME_TO_ANSWER,
            movements=(taken,),
        )
        self._rows[row.id] = row
        return row

    def read(self, dispute_id: str) -> DisputeDetails:
        if dispute_id not in self._rows:
            raise GatewayRefused("resource_missing", f"No such dispute: '{dispute_id}'")
        return self._rows[dispute_id]

    def answer(self, dispute_id: str, evidence: dict[str, str]) -> None:
        self._rows[dispute_id] = replace(self._waiting(dispute_id), status="under_review")
        self.evidence[dispute_id] = evidence

    def accept(self, dispute_id: str) -> None:
        self._rows[dispute_id] = replace(self._waiting(dispute_id), status="lost")

    def decide(self, dispute_id: str, *, won: bool) -> DisputeDetails:
        """The bank keeps the money, or gives it back without the fee."""
        row = self.read(dispute_id)
        if won:
            back = Movement(self._id("txn"), row.money, Money(0, row.money.currency))
            row = replace(row, status="won", movements=(*row.movements, back))
        else:
            row = replace(row, status="lost")
        self._rows[dispute_id] = row
        return row

    def _waiting(self, dispute_id: str) -> DisputeDetails:
        row = self.read(dispute_id)
        if row.status != "needs_response":
            raise GatewayRefused("invalid_request", f"This dispute is already {row.status}.")
        return row
