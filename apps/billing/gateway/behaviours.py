"""How a rehearsed card answers: a script of rules, the first that applies wins, and a card without one is good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import blake2b

CERTAIN = 10_000


class Answer(Enum):
    DECLINE = "decline"
    AUTHENTICATE = "authenticate"
    LOST_BEFORE = "lost before"
    LOST_AFTER = "lost after"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a card's script.

    It starts applying from charge number `first` of the card (1 is the first) and from the instant `since`; from then
    on each charge meets it with a chance of `chance` in 10,000. Once met it holds for `times` charges in a row (None:
    no more than that one if the chance is below 10,000, else for ever). A rule of chance with `times` lets one charge
    through before it can be met again.
    """

    answer: Answer
    code: str = ""
    hard: bool = False
    first: int = 1
    since: datetime | None = None
    times: int | None = None
    chance: int = CERTAIN


def decline(
    code: str = "generic_decline",
    *,
    hard: bool = False,
    first: int = 1,
    since: datetime | None = None,
    times: int | None = None,
    chance: int = CERTAIN,
) -> Rule:
    """The issuer refuses."""
    return Rule(Answer.DECLINE, code, hard=hard, first=first, since=since, times=times, chance=chance)


def authenticate(*, first: int = 1, since: datetime | None = None, times: int | None = None) -> Rule:
    """The issuer wants the customer on screen."""
    return Rule(Answer.AUTHENTICATE, "authentication_required", first=first, since=since, times=times)


def lose_before(*, first: int = 1, times: int | None = 1) -> Rule:
    """The request is lost on its way: nobody was charged, and we cannot know."""
    return Rule(Answer.LOST_BEFORE, first=first, times=times)


def lose_after(*, first: int = 1, times: int | None = 1) -> Rule:
    """The answer is lost on its way: the customer was charged, and we cannot know."""
    return Rule(Answer.LOST_AFTER, first=first, times=times)


@dataclass(slots=True)
class _Progress:
    """How far one rule of one card is."""

    left: int = 0
    spent: bool = False


class Script:
    """The rules of one card and how far they are. Not thread-safe: its owner holds a lock."""

    def __init__(self, rules: tuple[Rule, ...], *, seed: str) -> None:
        self._rules = [(rule, _Progress()) for rule in rules]
        self._seed = seed
        self._count = 0

    def next(self, *, now: datetime) -> Rule | None:
        """The rule that the next charge meets; None when it goes through."""
        self._count += 1
        return next((rule for rule, progress in self._rules if self._meets(rule, progress, now)), None)

    def _meets(self, rule: Rule, progress: _Progress, now: datetime) -> bool:
        if progress.left:
            progress.left -= 1
            progress.spent = progress.left == 0
            return True
        if self._count < rule.first or (rule.since and now < rule.since):
            return False
        if progress.spent:
            # A certain rule with a number of times is over; one of chance may come again after a charge went through.
            progress.spent = rule.chance == CERTAIN
            return False
        if self._draw() >= rule.chance:
            return False
        if rule.times is not None:
            progress.left = rule.times - 1
            progress.spent = progress.left == 0
        return True

    def _draw(self) -> int:
        """0 to 9,999 by seed and charge number alone, so that threads in any order see the same history."""
        digest = blake2b(f"{self._seed}:{self._count}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) % CERTAIN


# Stripe's test cards that decline or ask for authentication when charged off session, as documented at
# https://docs.stripe.com/testing, so that a rehearsed history goes on in the same way in the sandbox.
BY_NUMBER: dict[str, tuple[Rule, ...]] = {
    "4000002760003184": (authenticate(),),
    "4000008260003178": (decline("insufficient_funds"),),
    "4000000000000341": (decline("generic_decline"),),
}
REFUSED_AT_SETUP = frozenset(
    {"4000000000000002", "4000000000009995", "4000000000000069", "4000000000009987", "4000000000009979"}
)


def brand_of(number: str) -> str:
    """The card scheme by the first digits (ISO/IEC 7812 issuer ranges)."""
    if number.startswith("4"):
        return "visa"
    if number[:2] in {"34", "37"}:
        return "amex"
    if number.startswith("5"):
        return "mastercard"
    return "unknown"
