"""Refusals: the message is for the person who asked, and nothing was changed."""


class OrderRefused(Exception):
    """The order cannot be made, or cannot do this now."""


class NotForSale(OrderRefused):
    """There is no such thing to buy, or it is not sold in this currency."""


class BasketChanged(OrderRefused):
    """What would be charged differs from what was shown and agreed to."""


class NothingToBuy(OrderRefused):
    """The basket is empty, or something in it cannot be bought."""


class OrderClosed(OrderRefused):
    """The order is paid, cancelled or somebody else's."""


class NotSentThere(OrderRefused):
    """No parcels go to this country."""


class CutOffPassed(OrderRefused):
    """The next box is being made ready, and stays as it is."""


class BoxChanged(OrderRefused):
    """The next box is another one, or comes on another day, than what was shown."""


class TooMuch(OrderRefused):
    """More pieces, or more money, than there are left."""


class IllegalMove(Exception):
    """A change of status that no arrow allows: a bug in the caller."""
