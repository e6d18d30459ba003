"""What the shop asks of the registry of VAT numbers, and the answers it may get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Valid:
    """The number is registered. Name and address as the member state tells them, empty where it does not;
    `consultation_number` proves the question, empty when the requester gave no number."""

    name: str = ""
    address: str = ""
    consultation_number: str = ""


@dataclass(frozen=True, slots=True)
class Invalid:
    """The number is not registered."""

    consultation_number: str = ""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Nobody knows: no answer, no usable answer, or the member state is not reachable. It proves nothing."""

    reason: str


type Answer = Valid | Invalid | Unavailable


class VatRegistry(Protocol):
    """A registry. `number` and `requester` are normalised numbers with their prefix; `requester` may be empty."""

    def check(self, number: str, *, requester: str) -> Answer:
        """Whether the number is registered now. Never raises for what the other side does. Talks to a network: never
        call it inside a transaction."""
        ...
