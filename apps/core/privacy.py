"""The register of personal data: what every app holds of a person, what stands in the way of erasing them, and how it
is erased.

An app declares its part in `privacy.py`; accounts asks them all, without knowing them.

    @privacy.exports("invoices", title=_("Invoices"), why=_("To account for what you paid."))
    def invoices(person): return privacy.rows(Invoice.objects.of(person.id), "number", "total_minor")

    @privacy.obstacle
    def open_money(person): return [_("An invoice is not paid yet.")] if ... else []

    @privacy.erases
    def forget(person, *, now): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.module_loading import autodiscover_modules

from . import translations

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Whom it is about. `alias` takes the place of their e-mail address where a row has to keep one; `emails` are all
    addresses that the shop ever knew them by, the present one among them."""

    id: int
    email: str
    name: str
    emails: tuple[str, ...]

    @property
    def alias(self) -> str:
        return f"erased-{self.id}@erased.invalid"


@dataclass(frozen=True, slots=True)
class Part:
    """One table of the export. `why` says to the person what it is kept for."""

    name: str
    title: StrOrPromise
    why: StrOrPromise
    rows: Callable[[Person], Iterable[Row]]


_parts: dict[str, Part] = {}
_obstacles: list[Callable[[Person], list[str]]] = []
_erasers: list[Callable[..., None]] = []
_outside: list[Callable[..., None]] = []


def exports(name: str, *, title: StrOrPromise, why: StrOrPromise):
    """Declare a function `rows(person)` as one part of the export. Raises ValueError when the name is taken."""

    def decorate(rows: Callable[[Person], Iterable[Row]]):
        if name in _parts:
            raise ValueError(f"There is already a part named {name}")
        _parts[name] = Part(name, title, why, rows)
        return rows

    return decorate


def obstacle(find: Callable[[Person], list[str]]):
    """Declare a function that says, in sentences for the person, what has to be done before they can be erased."""
    _obstacles.append(find)
    return find


def erases(forget: Callable[..., None]):
    """Declare a function `forget(person, now=...)` that erases in our own tables, in the transaction of all of them."""
    _erasers.append(forget)
    return forget


def erases_outside(forget: Callable[..., None]):
    """Declare a function `forget(person, now=...)` that erases elsewhere, such as at the gateway. It is called before
    the transaction, and again when it was stopped: safe to repeat."""
    _outside.append(forget)
    return forget


def autodiscover() -> None:
    """Import `privacy` of every installed app."""
    autodiscover_modules("privacy")


def parts() -> list[Part]:
    """All parts of the export, by name."""
    return [_parts[name] for name in sorted(_parts)]


def obstacles(person: Person) -> list[str]:
    """Everything that stands in the way of erasing this person."""
    return [sentence for find in _obstacles for sentence in find(person)]


def forget_outside(person: Person, *, now: datetime) -> None:
    """Erase the person where no transaction of ours reaches."""
    for forget in _outside:
        forget(person, now=now)


def forget(person: Person, *, now: datetime) -> None:
    """Erase the person in our tables. The caller holds the transaction, see `append_only.erasing`."""
    for eraser in _erasers:
        eraser(person, now=now)


def rows(queryset: QuerySet, *fields: str) -> list[Row]:
    """Those fields of the rows, the oldest first; what the merchant writes in several languages in the active one."""
    columns = {
        field: f"text_{number}" if translations.has(queryset.model, field) else field
        for number, field in enumerate(fields)
    }
    texts = {column: translations.text(field) for field, column in columns.items() if column != field}
    found = queryset.order_by("pk").annotate(**texts).values(*columns.values())
    return [{field: row[column] for field, column in columns.items()} for row in found]
