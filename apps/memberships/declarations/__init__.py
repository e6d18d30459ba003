"""Cancelling and withdrawing without a login (German Civil Code, §§ 312k and 356a, and where the law asks for less).

    declaration = declaring.declare(..., now=now)          the page; the same for everybody, whoever they are
    handling.handle_due(now=now)                           the workers, seconds later, find out whose contract it is
    undoing.undo(secret, now=now)                          the link in the letter: this was not me
    undoing.confirm(secret, now=now)                       the link in the letter: it was, do not wait

Anybody can type any address. So the page only writes down, and says the same to all; what is found is told to the
address alone. What can be undone later is done at once: a cancellation to the end of a paid period. What cannot be
undone waits for PATIENCE, in which the letter's link takes it back, and nothing is renewed meanwhile: a withdrawal,
which ends the membership and sends money, and a cancellation where nothing is paid ahead. It counts as of the moment of
the declaration all the same.
"""

from .handling import PATIENCE, handle_due

__all__ = ["PATIENCE", "handle_due"]
