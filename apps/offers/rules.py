"""Pure decisions about offers: arms, and which reason speaks the loudest. No database, no clock."""

import hashlib
from dataclasses import dataclass
from fractions import Fraction

BUCKETS = 100


def bucket(customer_id: int, kind: str) -> int:
    """A stable number from 0 to 99 for a customer and a kind of offer.

    It does not depend on the policy's version: a new version with a larger hold-out only adds customers to the control
    group and moves nobody out of it, so an effect measured across versions stays comparable.
    """
    digest = hashlib.sha256(f"{kind}:{customer_id}".encode()).digest()
    return int.from_bytes(digest[:8]) % BUCKETS


def is_control(customer_id: int, kind: str, *, holdout_percent: int) -> bool:
    """Is the customer in the control group of this kind of offer, at a hold-out of so many percent?"""
    return bucket(customer_id, kind) < holdout_percent


@dataclass(frozen=True, slots=True)
class Target:
    """A higher plan that could be suggested: guides opened that it unlocks, and points it would have earned more."""

    plan_id: int
    rank: int
    guides: tuple[int, ...]
    points: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The plan to suggest and why: `reason` is "guides" or "points"."""

    target: Target
    reason: str


def strongest(targets: list[Target], *, min_guides: int, min_points: int) -> Suggestion | None:
    """The best-founded suggestion among higher plans, or None when behaviour gives no reason.

    Both reasons are measured against their own threshold (guides opened over `min_guides`, points over `min_points`);
    the larger ratio wins, guides win a tie. Between plans with the same ratio the lower rank wins: nobody is sent to a
    dearer plan than the reason needs. Points alone suggest only the next plan up, because more points for a dearer plan
    is true of every plan above.
    """
    found: list[tuple[Fraction, int, int, Suggestion]] = []
    next_rank = min((target.rank for target in targets), default=0)
    for target in targets:
        if len(target.guides) >= min_guides:
            strength = Fraction(len(target.guides), min_guides)
            found.append((strength, 1, -target.rank, Suggestion(target, "guides")))
        if target.rank == next_rank and target.points >= min_points:
            found.append((Fraction(target.points, min_points), 0, -target.rank, Suggestion(target, "points")))
    return max(found, key=lambda entry: entry[:3])[3] if found else None
