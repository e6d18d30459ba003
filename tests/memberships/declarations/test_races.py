"""Declarations at the same moment: the limit holds, and a declaration is carried out or undone, not both."""

from datetime import UTC, datetime, timedelta

from apps.billing.models import CreditNote
from apps.memberships.declarations import handle_due, undoing
from apps.memberships.models import Declaration, Handling, Subscription
from tests.factories import memberships as make
from tests.memberships.together import together

from .saying import say

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_limit_of_one_address(own_database, now):
    assert together(*[lambda: say("cancel", "a@example.com", now=now)] * 8) == []
    assert Declaration.objects.count() == 4


def test_carried_out_or_undone(own_database, gateway):
    member = make.member(gateway, now=JOINED)
    said = say("withdraw", member.customer.email, now=JOINED)
    handle_due(now=JOINED)
    problems = together(
        *[lambda: handle_due(now=JOINED + DAY)] * 3, *[lambda: undoing.undo(said.secret, now=JOINED + DAY)] * 2
    )
    assert problems == []
    done = Handling.objects.get().status == "done"
    ended = Subscription.objects.get().status == "ended"
    assert (ended, CreditNote.objects.count()) == ((True, 1) if done else (False, 0))
