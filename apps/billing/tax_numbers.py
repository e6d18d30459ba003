"""What a VAT number looks like, and of which country it is. No network: whether it is registered, `vat_registry` tells.

The formats and check digits are those of python-stdnum. Greece writes EL where ISO 3166 says GR.
"""

from __future__ import annotations

import re

from stdnum.eu import vat

# Northern Ireland (XI) takes part for goods only.
MEMBER_STATES = frozenset(code.upper() for code in vat.MEMBER_STATES) - {"XI"}
LONGEST = 20
_ELSEWHERE = re.compile(r"[0-9A-Z][0-9A-Z ./-]{2,18}[0-9A-Z]")


class NotATaxNumber(ValueError):
    """No company of this country has a number of this form."""


def prefix_of(country: str) -> str:
    """The two letters before the VAT numbers of a country (ISO 3166 alpha-2): its code, but EL for Greece."""
    return "EL" if country == "GR" else country


def in_union(country: str) -> bool:
    """Whether a country (ISO 3166 alpha-2) is a member state of the European Union."""
    return country in MEMBER_STATES


def split_prefix(number: str) -> tuple[str, str]:
    """The prefix and the rest of a normalised number of a member state, as the registry wants them."""
    return number[:2], number[2:]


def normalise(text: str, *, country: str) -> str:
    """A number as it is stored and printed: without separators and, in the Union, with the country's prefix, which the
    customer may leave out. Raises NotATaxNumber, also for a number of another member state.
    """
    typed = text.strip().upper()
    if not in_union(country):
        if not _ELSEWHERE.fullmatch(typed):
            raise NotATaxNumber(typed)
        return typed
    prefix = prefix_of(country)
    bare = re.sub(r"[\s./-]", "", typed)
    # A number without its prefix may begin with the same two letters by chance: the reading that is right wins.
    for candidate in (bare, prefix + bare, prefix + bare.removeprefix(country)):
        if candidate.startswith(prefix) and vat.is_valid(candidate):
            return vat.compact(candidate)
    raise NotATaxNumber(typed)
