"""What can be done with a membership, one function per use case."""

from .cancelling import request_cancel, undo_cancel
from .changing import (
    ChangeResult,
    abandon_change,
    cancel_change,
    change_plan,
    check_change,
    continue_change,
    keep_plan,
    preview_change,
)
from .joining import join_free
from .parking import park, unpark
from .points import redeem_points
from .pricing import add_price, new_price_version

__all__ = [
    "ChangeResult",
    "abandon_change",
    "add_price",
    "cancel_change",
    "change_plan",
    "check_change",
    "continue_change",
    "join_free",
    "keep_plan",
    "new_price_version",
    "park",
    "preview_change",
    "redeem_points",
    "request_cancel",
    "undo_cancel",
    "unpark",
]
