"""Rows as they are written, thousands at a time: the columns of a table, without a model for each row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


class LineRow(NamedTuple):
    """A line of an invoice; see `models.InvoiceLine`."""

    id: int
    invoice_id: int
    position: int
    kind: str
    description: str
    quantity: int
    unit_minor: int
    amount_minor: int
    net_minor: int
    tax_minor: int
    tax_basis_points: int
    tax_included: bool
    period_start: datetime | None
    period_end: datetime | None
    inputs: Mapping[str, Any]
    supply: str


class ScheduleRow(NamedTuple):
    """When a line's deferred revenue is recognised; see `models.RevenueSchedule`."""

    line_id: int
    invoice_id: int
    deferred_minor: int
    since: datetime
    until: datetime
    next_at: datetime
    recognised_minor: int = 0
    released_minor: int = 0


class PaymentRow(NamedTuple):
    """A payment that waits to be sent; see `models.Payment`."""

    invoice_id: int
    card_id: int | None
    key: UUID
    amount_minor: int
    currency: str
    on_session: bool
    due_at: datetime
    created_at: datetime
    attempt: int = 1
    status: str = "pending"
    surplus: bool = False
    gateway_id: str = ""
    decline_code: str = ""
    message: str = ""


class EntryRow(NamedTuple):
    """One side of a posting; see `models.LedgerEntry`."""

    key: str
    account: str
    currency: str
    amount_minor: int
    customer_id: int | None
    at: datetime
