"""What things are called on pages, in letters and on invoices, in the active language."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _


def within(pieces: Sequence[str], *, quantity: int) -> str:
    """What is in each of so many bundles; empty where there is nothing in it: it is none."""
    if not pieces:
        return ""
    text = _("In it: %(pieces)s") if quantity == 1 else _("In each: %(pieces)s")
    return text % {"pieces": "; ".join(pieces)}


def piece(quantity: int, what: object) -> str:
    """So many of something."""
    return f"{quantity} × {what}"


def out_of(quantity: int, what: str, bundle: str) -> str:
    """So many pieces out of a bundle."""
    return _("%(pieces)s, out of %(bundle)s") % {"pieces": piece(quantity, what), "bundle": bundle}
