"""The rehearsal gateway's own books, in the order of the real one: newest first, by pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import RLock

from .books import ChargeRecord, DisputeRecord, Page, RefundRecord, Standing
from .port import GatewayUnavailable, NeedsAction, Succeeded
from .rehearsal_records import GivenBack, Intent

LIMIT = 100


class RehearsalBooks:
    """The part of the adapter that reads what it has written down."""

    _lock: RLock
    _known_only: bool
    _intents: dict[str, Intent]
    _given_back: dict[str, GivenBack]

    def list_charges(self, *, since: datetime, until: datetime, cursor: str) -> Page[ChargeRecord]:
        with self._lock:
            return _page(self._intents, _charge, since=since, until=until, cursor=cursor)

    def list_refunds(self, *, since: datetime, until: datetime, cursor: str) -> Page[RefundRecord]:
        with self._lock:
            return _page(self._given_back, _refund, since=since, until=until, cursor=cursor)

    def list_disputes(self, *, since: datetime, until: datetime, cursor: str) -> Page[DisputeRecord]:
        return Page([])

    def read_charge(self, intent_id: str) -> ChargeRecord | None:
        with self._lock:
            intent = self._intents.get(intent_id)
            self._must_know(intent)
            return _charge(intent) if intent else None

    def read_refund(self, refund_id: str) -> RefundRecord | None:
        with self._lock:
            refund = self._given_back.get(refund_id)
            self._must_know(refund)
            return _refund(refund) if refund else None

    def _must_know(self, row: Intent | GivenBack | None) -> None:
        """Nothing there? Over somebody else's book nobody can say so."""
        if row is None and not self._known_only:
            raise GatewayUnavailable("What the real gateway has is not known in a rehearsal")


def _page[Row: (Intent, GivenBack), Record](
    rows: Mapping[str, Row], read: Callable[[Row], Record], *, since: datetime, until: datetime, cursor: str
) -> Page[Record]:
    inside = [row for row in reversed(list(rows.values())) if since <= row.created < until]
    first = next((place + 1 for place, row in enumerate(inside) if row.id == cursor), 0)
    shown = inside[first : first + LIMIT]
    has_more = first + LIMIT < len(inside)
    return Page([read(row) for row in shown], shown[-1].id if has_more else "")


def _charge(intent: Intent) -> ChargeRecord:
    standings = {Succeeded: Standing.MOVED, NeedsAction: Standing.OPEN}
    return ChargeRecord(
        intent_id=intent.id,
        payment_key=intent.request.payment_key,
        invoice_number=intent.request.metadata.get("invoice", ""),
        customer_id=intent.request.customer_id,
        money=intent.request.money,
        standing=standings.get(type(intent.result), Standing.FAILED),
    )


def _refund(refund: GivenBack) -> RefundRecord:
    return RefundRecord(
        refund_id=refund.id,
        intent_id=refund.intent_id,
        key=refund.key,
        money=refund.money,
        standing=Standing.MOVED,
    )
