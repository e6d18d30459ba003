"""What can be true of a subscription, where it comes from and why it ends."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    INCOMPLETE = "incomplete", _("waiting for the first payment")
    TRIALING = "trialing", _("free trial")
    ACTIVE = "active", _("active")
    PAST_DUE = "past_due", _("payment overdue")
    PAUSED = "paused", _("paused")
    ENDED = "ended", _("ended")
    EXPIRED = "expired", _("never started")


# Those whose present period was billed.
BEGUN = (Status.ACTIVE, Status.PAST_DUE)
# Those that grant their benefits, and those that are contracts still: a paused one keeps its place in the group.
OPEN = (*BEGUN, Status.TRIALING)
HELD = (*OPEN, Status.PAUSED)
BILLED = (Status.ACTIVE, Status.TRIALING)


class Origin(models.TextChoices):
    """How a membership came about. Only a bought one is billed, cancelled and paused, or begins with a trial."""

    PURCHASE = "purchase", _("bought")
    GIFT = "gift", _("given by another customer")
    COMP = "comp", _("with our compliments")


class PauseKind(models.TextChoices):
    """A pause starts a new anchor when it ends; a skipped period leaves the days of renewal as they are."""

    PAUSE = "pause", _("pause")
    SKIP = "skip", _("skipped period")


class CancelReason(models.TextChoices):
    TOO_EXPENSIVE = "too_expensive", _("It costs too much for me")
    NOT_USING = "not_using", _("I do not use it enough")
    MISSING_FEATURES = "missing_features", _("Something I need is missing")
    TECHNICAL = "technical", _("Something did not work")
    MOVING = "moving", _("I am moving or have no garden any more")
    OTHER = "other", _("Another reason")


class EndReason(models.TextChoices):
    CANCELLED = "cancelled", _("cancelled by the customer")
    WITHDRAWN = "withdrawn", _("the customer withdrew within 14 days")
    TERM = "term", _("the agreed term was over")
    PAYMENT = "payment", _("payment could not be collected")
    UPGRADED = "upgraded", _("replaced by another plan")
    STAFF = "staff", _("ended by staff")
    PRICE = "price", _("no agreement to a new price")
    FIRST_PAYMENT = "first_payment", _("the first payment did not succeed")
    ABANDONED = "abandoned", _("the sign-up was not finished")
    RAN_OUT = "ran_out", _("its time was over")
