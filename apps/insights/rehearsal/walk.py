"""Living through the coming days: the registered sweeps, each at its time, on a clock that jumps.

The time machine stops at every single instant at which something is due. A rehearsal of a large book cannot: ten
thousand members renew at ten thousand instants. Here sweeps whose work may be done a little late (they only ever look
at what is due, and a live worker comes late too) wait for the end of the day (UTC), and are then given all of it at
once, which is what they are fast at: everything still happens on its own day, and a rehearsal tells no more than that.
Sweeps that are not named here are woken at their very instant.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apps.core import sweeps
from apps.mail import lifecycle as outbox

MAY_WAIT = frozenset(
    {
        "memberships.trials",
        "memberships.bill",
        "memberships.ending",
        "billing.collect",
        "orders.boxes",
        "orders.box_closing",
        "offers.suggest",
        "offers.expire",
        "campaigns.notices",
        "campaigns.expiring_cards",
        "campaigns.review_requests",
        "campaigns.advance",
        "loyalty.expire",
        "mail.deliver",
    }
)
# Housekeeping by the machine's clock; questions to others: to the gateway about its books, to the tax registry; and
# what people ask about their own data, which reaches into tables that are not copied.
NOT_REHEARSED = frozenset(
    {
        "accounts.erase",
        "accounts.export",
        "billing.prune",
        "core.prune",
        "billing.reconcile",
        "billing.disputes",
        "billing.tax_numbers",
        "orders.forget_cards",
        "orders.forget_baskets",
    }
)
_MAIL = "mail.deliver"
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
NEVER = datetime.max.replace(tzinfo=UTC)
# What one sweep does at an instant may be due for another at the same instant: a bill, its payment, its receipt.
_PASSES = 10


@dataclass(slots=True)
class Walk:
    """A walk from `at` (UTC), and what came of it: rows handled, last failure and seconds spent, by sweep."""

    at: datetime
    steps: int = 0
    handled: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def clock(self) -> datetime:
        """The instant that is being lived through."""
        return self.at

    def live(self, *, until: datetime) -> Iterator[datetime]:
        """Live until `until` (UTC), that instant included, giving each instant once it is over.

        A sweep that raises is written down and tried again at the next stop, as it would be on schedule.
        """
        everything_at = self.at
        while True:
            everything = self.at >= everything_at
            if everything:
                everything_at = self.at + sweeps.EVERYTHING_EVERY
            following = self._live_through(everything=everything)
            self.steps += 1
            yield self.at
            if self.at >= until:
                return
            self.at = min(following, until)

    def _live_through(self, *, everything: bool) -> datetime:
        """Run what is due, again while that leaves something due and gets on; then the next instant to stop at."""
        failed: set[str] = set()
        for number in range(_PASSES):
            handled, dues = self._pass(failed, everything=everything and number == 0)
            if not handled:
                break
        return min((self._stop_for(name, due) for name, due in dues.items()), default=NEVER)

    def _pass(self, failed: set[str], *, everything: bool) -> tuple[int, dict[str, datetime]]:
        """One pass over the sweeps in their order; rows handled, and when each has something to do next.

        Each is asked right before its turn: one's work makes the next due. What it says is stale if it then did
        something, so only the answers of a pass that did nothing are good for the next stop.
        """
        total, dues = 0, {}
        for sweep in sweeps.in_order():
            if not is_rehearsed(sweep.name):
                continue
            due = sweep.next_due(now=self.at)
            if due is not None:
                dues[sweep.name] = due
            if sweep.name not in failed and (everything or (due is not None and due <= self.at)):
                total += self._run(sweep, failed)
        return total, dues

    def _run(self, sweep: sweeps.Sweep, failed: set[str]) -> int:
        began = time.monotonic()
        try:
            handled = outbox.sent_on_paper(now=self.at) if sweep.name == _MAIL else sweeps.run(sweep.name, now=self.at)
        except Exception as problem:  # the other workers go on
            failed.add(sweep.name)
            self.failures[sweep.name] = f"{type(problem).__name__}: {problem}"
            return 0
        finally:
            self.seconds[sweep.name] += time.monotonic() - began
        self.handled[sweep.name] += handled
        return handled

    def _stop_for(self, name: str, due: datetime) -> datetime:
        """Where to stop for a sweep that is due then. One that is due and got nowhere is tried once a day."""
        if due <= self.at:
            return end_of_day(self.at + INSTANT)
        return end_of_day(due) if name in MAY_WAIT else due


def is_rehearsed(sweep: str) -> bool:
    """Whether a sweep takes part: not housekeeping, nor what insights itself does about the book."""
    return sweep not in NOT_REHEARSED and not sweep.startswith("insights.")


def end_of_day(moment: datetime) -> datetime:
    """The last microsecond of the day (UTC) that `moment` lies in."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + DAY - INSTANT
