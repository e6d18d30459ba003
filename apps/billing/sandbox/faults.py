"""Faults on request: lost connections, server errors, rate limits and slow answers."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from . import ids

KINDS = ("drop_before", "drop_after", "error_500", "rate_limit_429", "slow")


@dataclass(slots=True)
class Fault:
    """A rule. It strikes a matching request with probability ``rate``, at most ``count`` times (None: for ever).

    ``performed`` (for ``error_500``): whether the work is done before the error is answered.
    """

    kind: str
    id: str = field(default_factory=lambda: ids.new("fault"))
    path_prefix: str = "/v1/"
    method: str | None = None
    rate: float = 1.0
    count: int | None = None
    seed: int | None = None
    seconds: float = 0.0
    performed: bool = False
    hits: int = 0
    chance: Random = field(default_factory=Random, repr=False)

    @classmethod
    def read(cls, given: dict[str, Any]) -> "Fault":
        """A fault from control JSON. Raises ValueError with a reason for a wrong one."""
        allowed = {"kind", "path_prefix", "method", "rate", "count", "seed", "seconds", "performed"}
        if set(given) - allowed:
            raise ValueError(f"unknown fields: {', '.join(sorted(set(given) - allowed))}")
        if given.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        fault = cls(**given)
        if not 0 <= fault.rate <= 1:
            raise ValueError("rate must be between 0 and 1")
        if fault.kind == "slow" and fault.seconds <= 0:
            raise ValueError("slow needs seconds > 0")
        fault.chance = Random(fault.seed)  # noqa: S311 - must repeat for a seed
        return fault

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request is hit; counts the hit."""
        if not path.startswith(self.path_prefix) or self.method not in (None, method):
            return False
        if self.count is not None and self.hits >= self.count:
            return False
        if self.rate < 1 and self.chance.random() >= self.rate:
            return False
        self.hits += 1
        return True

    def show(self) -> dict[str, Any]:
        """The rule and its hits as JSON."""
        names = ("id", "kind", "path_prefix", "method", "rate", "count", "seed", "seconds", "performed", "hits")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Plan:
    """What will happen to one request: at most one kind of failure, after waiting ``seconds``."""

    kind: str | None = None
    seconds: float = 0.0
    performed: bool = False


CLEAR = Plan()


class Faults:
    """The active rules, in the order in which they were added."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def plan(self, method: str, path: str) -> Plan:
        """Adds up the slow rules that strike and takes the first failure that strikes."""
        if not self.rules:
            return CLEAR
        seconds = 0.0
        for rule in self.rules:
            if not rule.strikes(method, path):
                continue
            if rule.kind != "slow":
                return Plan(rule.kind, seconds, rule.performed)
            seconds += rule.seconds
        return Plan(None, seconds)
