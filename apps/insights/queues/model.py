"""What a queue is: rows that wait for a person, each with why, what to do next, and the safe steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Model, QuerySet
from django.urls import reverse

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from apps.accounts.models import User
    from apps.core.money import Money


class CannotAct(Exception):
    """The step cannot be taken now; the text is for staff. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a person of staff ordered: on which row, why, in whose name, when."""

    row: Any
    actor: str
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """A step that staff may take on a row. `run` returns what to tell them, or raises CannotAct; it is never called
    inside a transaction. `permission` is what it takes; `asks_why`: a reason must be given."""

    name: str
    label: StrOrPromise
    explains: StrOrPromise
    permission: str
    run: Callable[[Order], str]
    asks_why: bool = False
    fits: Callable[[Any], bool] = lambda row: True


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a queue's page. `since` says for how long it has waited; `url` leads to all there is about it."""

    pk: int
    title: str
    url: str
    since: datetime
    reason: str
    advice: str
    money: Money | None = None
    customer: User | None = None
    acts: Sequence[Act] = ()


@dataclass(frozen=True, slots=True)
class Queue:
    """Rows that wait for a person. `rows` gives them oldest first; `show` turns one page of them into lines, in a
    number of statements that does not depend on how many. `is_urgent`: money or service hangs on it."""

    slug: str
    label: StrOrPromise
    explains: StrOrPromise
    permission: str
    rows: Callable[[], QuerySet[Any]]
    show: Callable[[Sequence[Any]], list[Row]]
    acts: tuple[Act, ...] = field(default=())
    is_urgent: bool = True

    @property
    def url(self) -> str:
        return reverse("admin:insights_queue", args=[self.slug])

    def act(self, name: str) -> Act | None:
        """One of the steps by its name."""
        return next((act for act in self.acts if act.name == name), None)

    def fitting(self, row: Model) -> list[Act]:
        """The steps that make sense for a row."""
        return [act for act in self.acts if act.fits(row)]
