"""The arrows, and the one place that assigns a status."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.billing.models import (
    Break,
    BreakChange,
    Dispute,
    DisputeChange,
    Invoice,
    InvoiceChange,
    Payment,
    PaymentChange,
    Recovery,
    RecoveryChange,
    Refund,
    RefundChange,
)
from apps.core import copying

_P, _I, _R, _D, _B = Payment.Status, Invoice.Status, Refund.Status, Recovery.Status, Break.Status
_C = Dispute.Status
_OUTCOMES = {_P.SUCCEEDED, _P.DECLINED, _P.NEEDS_ACTION, _P.UNKNOWN}

# The gateway's answer wins over what we believed: a payment that is back to pending may get the late answer of its
# first sending, and one declined or cancelled may turn out to have been paid on a page left open.
ARROWS: dict[type, dict[str, set[str]]] = {
    Payment: {
        _P.PENDING: {_P.PROCESSING, _P.CANCELLED} | _OUTCOMES,
        _P.PROCESSING: {_P.PENDING} | _OUTCOMES,
        _P.NEEDS_ACTION: {_P.SUCCEEDED, _P.DECLINED, _P.CANCELLED},
        _P.UNKNOWN: {_P.PENDING, _P.CANCELLED, _P.SUCCEEDED, _P.DECLINED, _P.NEEDS_ACTION},
        _P.DECLINED: {_P.SUCCEEDED},
        _P.CANCELLED: {_P.SUCCEEDED},
        _P.SUCCEEDED: set(),
    },
    Invoice: {
        _I.OPEN: {_I.PAID, _I.VOID, _I.UNCOLLECTIBLE},
        _I.PAID: set(),
        _I.VOID: set(),
        _I.UNCOLLECTIBLE: set(),
    },
    Refund: {
        _R.PENDING: {_R.PROCESSING},
        _R.PROCESSING: {_R.PENDING, _R.SUCCEEDED, _R.FAILED, _R.UNKNOWN},
        _R.UNKNOWN: {_R.PROCESSING},
        _R.SUCCEEDED: {_R.FAILED},  # a bank may bounce a refund days after it was accepted
        _R.FAILED: set(),
    },
    Recovery: {
        _D.OPEN: {_D.RECOVERED, _D.EXHAUSTED, _D.CANCELLED},
        _D.RECOVERED: set(),
        _D.EXHAUSTED: set(),
        _D.CANCELLED: set(),
    },
    Dispute: {
        _C.NEEDS_RESPONSE: {_C.UNDER_REVIEW, _C.WON, _C.LOST},
        # An inquiry that was answered, or even closed, may still become a dispute that takes the money.
        _C.UNDER_REVIEW: {_C.NEEDS_RESPONSE, _C.WON, _C.LOST},
        _C.WON: {_C.NEEDS_RESPONSE, _C.UNDER_REVIEW, _C.LOST},
        _C.LOST: {_C.WON},
    },
    Break: {
        _B.OPEN: {_B.RESOLVED, _B.IGNORED},
        _B.IGNORED: set(),
        _B.RESOLVED: set(),
    },
}
_HISTORY = {
    Payment: (PaymentChange, "payment"),
    Invoice: (InvoiceChange, "invoice"),
    Refund: (RefundChange, "refund"),
    Recovery: (RecoveryChange, "recovery"),
    Dispute: (DisputeChange, "dispute"),
    Break: (BreakChange, "found"),
}


class IllegalMove(Exception):
    """A status that cannot follow the present one."""

    def __init__(self, row, new: str) -> None:
        super().__init__(f"{type(row).__name__} {row.pk} cannot go from {row.status} to {new}")


def move(row, new: str, *, now: datetime, reason: str = "", actor: str = "", **columns) -> None:
    """Take one arrow with a locked row: status, the columns that go with it, and the history row."""
    move_many([row], new, now=now, reason=reason, actor=actor, **columns)


def move_many(
    rows: Sequence,
    new: str,
    *,
    now: datetime,
    reason: str | Sequence[str] = "",
    actor: str = "",
    **columns,
) -> None:
    """Take the same arrow with many locked rows of one model, in two statements.

    The reason is one for all, or one for each row. A column that the database computes (an expression) is not carried
    back to the rows. Raises IllegalMove and changes none."""
    if not rows:
        return
    model = type(rows[0])
    history, subject = _HISTORY[model]
    for row in rows:
        if new not in ARROWS[model][row.status]:
            raise IllegalMove(row, new)
    reasons = [reason] * len(rows) if isinstance(reason, str) else reason
    changes = [(row.pk, row.status, new, why[:300], actor, now) for row, why in zip(rows, reasons, strict=True)]
    model.objects.filter(pk__any=[row.pk for row in rows]).update(status=new, **columns)
    copying.write_columns(history, (f"{subject}_id", "old", "new", "reason", "actor", "at"), changes)
    for row in rows:
        row.status = new
        for name, value in columns.items():
            if not hasattr(value, "resolve_expression"):
                setattr(row, name, value)


def cancel(payment: Payment, *, reason: str, now: datetime) -> None:
    """-> CANCELLED for a locked payment that takes no money any more."""
    move(payment, Payment.Status.CANCELLED, now=now, reason=reason, lease_until=None, check_at=None, settled_at=now)
