"""The gateway's own books, as far as the shop compares them with its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from apps.core.money import Money


class Standing(StrEnum):
    """Where the money of a charge or a refund stands in the gateway's books."""

    MOVED = "moved"
    OPEN = "open"  # it may still move
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ChargeRecord:
    """A charge in the gateway's own books. `payment_key` and `invoice_number` are what the shop wrote on it, "" on a
    foreign one; `money` is what was taken, or what is to be taken."""

    intent_id: str
    payment_key: str
    invoice_number: str
    customer_id: str
    money: Money
    standing: Standing


@dataclass(frozen=True, slots=True)
class RefundRecord:
    """A refund in the gateway's own books. `key` is what the shop wrote on it, "" on a foreign one."""

    refund_id: str
    intent_id: str
    key: str
    money: Money
    standing: Standing


@dataclass(frozen=True, slots=True)
class DisputeRecord:
    """A dispute (chargeback) in the gateway's own books; `state` and `reason` are the gateway's words."""

    dispute_id: str
    intent_id: str
    money: Money
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page[Record]:
    """Some records, newest first, and the cursor of the next page; "" after the last."""

    rows: list[Record]
    cursor: str = ""


class Books(Protocol):
    """The gateway's own books, for comparing them with the shop's.

    Lists go from the newest record made before `until` to the oldest made at or after `since`, on the gateway's clock,
    which the time machine does not move; `cursor` is that of the page before, "" for the first. All methods raise
    GatewayUnavailable and GatewayMisconfigured.
    """

    def list_charges(self, *, since: datetime, until: datetime, cursor: str) -> Page[ChargeRecord]:
        """Charges, whether they took money or not."""

    def list_refunds(self, *, since: datetime, until: datetime, cursor: str) -> Page[RefundRecord]:
        """Refunds, the shop's own and others."""

    def list_disputes(self, *, since: datetime, until: datetime, cursor: str) -> Page[DisputeRecord]:
        """Disputes, open and closed."""

    def read_charge(self, intent_id: str) -> ChargeRecord | None:
        """One charge as it is now; None when the gateway has none."""

    def read_refund(self, refund_id: str) -> RefundRecord | None:
        """One refund as it is now; None when the gateway has none."""
