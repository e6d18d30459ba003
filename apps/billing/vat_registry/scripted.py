"""A registry in this process, for the demo and for tests: it knows every number of the right form, but for those it is
told of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .port import Answer, Invalid, Unavailable, Valid

# Numbers with which the demo shows what else may happen.
NOT_REGISTERED = "DE123456788"
NEVER_ANSWERS = "FR11123456782"
_DEMO: Mapping[str, Answer] = {
    NOT_REGISTERED: Invalid("SCRIPTED-NO"),
    NEVER_ANSWERS: Unavailable("MS_UNAVAILABLE"),
}


@dataclass
class Scripted:
    """`answers` by number go before the ordinary answer, Valid. `asked` keeps the questions as (number, requester)."""

    answers: dict[str, Answer] = field(default_factory=lambda: dict(_DEMO))
    asked: list[tuple[str, str]] = field(default_factory=list)

    def check(self, number: str, *, requester: str) -> Answer:
        self.asked.append((number, requester))
        proof = f"SCRIPTED-{number}" if requester else ""
        return self.answers.get(number, Valid(f"Company {number}", "", proof))
