"""What a replay reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """`what` was computed again and came out as `expected`; the books say `found`. `number` is the invoice's, `line`
    the position of the line, None for the invoice as a whole."""

    number: str
    line: int | None
    what: str
    expected: object
    found: object

    def __str__(self) -> str:
        where = f"{self.number} line {self.line}" if self.line else self.number
        return f"{where}: {self.what}: expected {self.expected}, found {self.found}"
