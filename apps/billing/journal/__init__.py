"""The month-end journal: what an accountant books of a month, its proof, and the closing of the month.

A month may be exported at any time; when it is over and its revenue is recognised it may be closed. From then on a
trigger refuses every posting dated in it, so that it can be exported again with the same bytes for ever: corrections
are dated in the open month, as accountants expect. Months are closed in order; the first one that is closed closes all
before it. A closed month is not opened again.
"""

from .closing import CannotClose, close, refuse_to_close
from .export import HEADER, Changed, export
from .reading import Journal, months, of
from .sheets import Sheet, by_currency

__all__ = [
    "HEADER",
    "CannotClose",
    "Changed",
    "Journal",
    "Sheet",
    "by_currency",
    "close",
    "export",
    "months",
    "of",
    "refuse_to_close",
]
