"""The register of checks: each looks at the stage after the last day and names what a person should look at first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from apps.insights.rehearsal.outcome import Marks

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class View:
    """What a check may want to know: the span (UTC) that was lived through, the marks between the old rows and the new,
    and the thresholds in percent that staff have set, by kind."""

    since: datetime
    until: datetime
    marks: Marks
    thresholds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd about one subscription, or about the engine when there is none.

    `key` names it among those of its kind, the same in every rehearsal that finds it. `at` (UTC) is when it would
    happen; None for what is so already. `amount_minor` is what would be charged, `before_minor` what was before.
    """

    key: str
    customer_id: int | None = None
    subscription_id: int | None = None
    at: datetime | None = None
    currency: str = ""
    amount_minor: int | None = None
    before_minor: int | None = None
    detail: str = ""


Check = Callable[[View], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    label: StrOrPromise
    find: Check


_registered: dict[str, Kind] = {}


def register(name: str, *, label: StrOrPromise) -> Callable[[Check], Check]:
    """Declare a check of the stage; its findings are stored as anomalies of this kind. Raises ValueError when the name
    is taken."""

    def decorate(check: Check) -> Check:
        if name in _registered:
            raise ValueError(f"There is already a check named {name}")
        _registered[name] = Kind(name, label, check)
        return check

    return decorate


def kinds() -> list[Kind]:
    """All kinds, in the order in which they were declared."""
    return list(_registered.values())


def label_of(name: str) -> str:
    """The name of a kind for people; its own when it is not known any more."""
    return str(_registered[name].label) if name in _registered else name
