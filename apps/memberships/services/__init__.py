"""What can be done with a membership, one function per use case."""

from .cancelling import request_cancel, undo_cancel
from .changing import ChangeResult, abandon_change, change_plan, continue_change
from .complimenting import end_complimentary, give_complimentary
from .joining import join_free
from .keeping import cancel_change, keep_plan
from .parking import park, unpark
from .pausing import PauseChoice, pause_choice, request_pause, request_pause_until, resume, undo_pause
from .points import redeem_points
from .previewing import check_change, preview_change
from .pricing import add_price, new_price_version
from .withdrawing import withdraw

__all__ = [
    "ChangeResult",
    "PauseChoice",
    "abandon_change",
    "add_price",
    "cancel_change",
    "change_plan",
    "check_change",
    "continue_change",
    "end_complimentary",
    "give_complimentary",
    "join_free",
    "keep_plan",
    "new_price_version",
    "park",
    "pause_choice",
    "preview_change",
    "redeem_points",
    "request_cancel",
    "request_pause",
    "request_pause_until",
    "resume",
    "undo_cancel",
    "undo_pause",
    "unpark",
    "withdraw",
]
