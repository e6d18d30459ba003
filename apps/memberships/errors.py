"""Refusals: the message is for the person who asked, and nothing was changed."""


class Refused(Exception):
    """The membership cannot do this now."""


class UnknownPlan(Refused):
    """There is no such plan or price."""


class ClosedPlan(Refused):
    """The plan or price is not on sale."""


class AlreadySubscribed(Refused):
    """The customer has an open subscription of this group."""


class NotOpen(Refused):
    """There is no open subscription to act on, or it is not this customer's."""


class NothingToChange(Refused):
    """The membership is what was asked for already."""


class NeedsSignup(Refused):
    """A free membership becomes a paid one by signing up, with a card and the terms."""


class ChangeInProgress(Refused):
    """A plan change, or a payment, waits for its outcome."""


class CancellationPending(Refused):
    """The membership is cancelled; the cancellation has to be undone first."""


class CannotPause(Refused):
    """This membership, or this plan, cannot be paused, or not for so long."""


class TooManyPauses(Refused):
    """The pauses that the plan allows in a year are used up."""


class PausePending(Refused):
    """The membership is paused, or will be; that has to end first."""


class GiftNotUsable(Refused):
    """There is no such gift, or it is used, expired or taken back."""


class TooLateToWithdraw(Refused):
    """The fourteen days are over, or there was no such right."""


class TooManyDeclarations(Refused):
    """So many declarations came from this address or sender that no more are taken now."""


class KeptForLater(Refused):
    """The gift cannot be used by this customer now; its code stays good."""


class QuoteChanged(Refused):
    """What is due differs from what was shown and agreed to."""


class TrialUsed(QuoteChanged):
    """A free trial was agreed to, but this person or this card had one before."""


class QuantityRefused(Refused):
    """The plan does not allow so many."""


class IllegalMove(Exception):
    """A change of status that no arrow allows: a bug in the caller."""
