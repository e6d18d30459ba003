"""Anomalies: what a person should look at before the cards are touched.

A check is a function of the stage, declared with `register`:

    @register("odd-thing", label=_("An odd thing"))
    def odd_thing(view: View) -> Iterable[Finding]: ...

It runs on the copied book after its last day, with all rows in place, old and new. Staff may switch a kind off, or give
it a threshold, by its AnomalyRule.
"""

from __future__ import annotations

from collections.abc import Collection

from . import cards, engine, notices, prices  # noqa: F401 - their checks are declared by importing them
from .register import Finding, Kind, View, kinds, label_of, register

__all__ = ["Finding", "Kind", "View", "find", "kinds", "label_of", "register"]


def find(view: View, *, without: Collection[str] = ()) -> list[tuple[str, Finding]]:
    """All anomalies, each with its kind, but those of the kinds `without`."""
    return [(kind.name, finding) for kind in kinds() if kind.name not in without for finding in kind.find(view)]
