"""The declaration as its receipt says it, in the active language."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.memberships.models import DeclarationKind, Manner


def moment(at: datetime) -> str:
    """An instant to the second, with its zone: whoever reads it may live anywhere, so it is UTC."""
    at = at.astimezone(UTC)
    return f"{date_format(at, 'DATE_FORMAT')}, {at:%H:%M:%S} UTC"


def lines(
    *, kind: str, manner: str, cause: str, name: str, email: str, contract: str, wanted_on: date | None
) -> list[tuple[str, str]]:
    """What was declared, as (label, value)."""
    rows = [(_("Declaration"), _title(kind, manner))]
    if cause:
        rows.append((_("Reason"), cause))
    rows += [(_("Name"), name), (_("E-mail"), email)]
    rows.append((_("Contract"), contract or _("the contract under this e-mail address")))
    if kind == DeclarationKind.CANCEL:
        when = date_format(wanted_on, "DATE_FORMAT") if wanted_on else _("at the next possible date")
        rows.append((_("To end"), when))
    return rows


def text(rows: list[tuple[str, str]]) -> str:
    """The lines as plain text."""
    return "\n".join(f"{label}: {value}" for label, value in rows)


def _title(kind: str, manner: str) -> str:
    if kind == DeclarationKind.WITHDRAW:
        return _("I withdraw from the contract")
    if manner == Manner.GOOD_REASON:
        return _("I cancel the contract for good reason")
    return _("I cancel the contract")
