"""VIES, the European Commission's registry, by its REST interface (`POST check-vat-number`).

Described at https://ec.europa.eu/assets/taxud/vow-information/swagger_publicVAT.yaml
"""

from __future__ import annotations

import requests

from apps.billing import tax_numbers

from .port import Answer, Invalid, Unavailable, Valid

# What VIES writes where a member state tells nothing.
UNTOLD = "---"
# The one error that is an answer: VIES looked at the number and it can be nobody's.
NOBODYS_NUMBER = "INVALID_INPUT"


class Vies:
    """`url` is the address of `check-vat-number`; `timeout` seconds are given to connect and to each wait for data."""

    def __init__(self, *, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout

    def check(self, number: str, *, requester: str) -> Answer:
        country, rest = tax_numbers.split_prefix(number)
        question = {"countryCode": country, "vatNumber": rest}
        if requester:
            own_country, own_rest = tax_numbers.split_prefix(requester)
            question |= {"requesterMemberStateCode": own_country, "requesterNumber": own_rest}
        try:
            response = requests.post(
                self._url, json=question, headers={"Accept": "application/json"}, timeout=self._timeout
            )
        except requests.RequestException as problem:
            return Unavailable(type(problem).__name__)
        try:
            body = response.json()
        except requests.JSONDecodeError:
            return Unavailable(f"HTTP {response.status_code} without JSON")
        return _read(response.status_code, body)


def _read(status: int, body: object) -> Answer:
    """Only a plain yes or no counts; VIES answers 200 to failures of the member states too."""
    if not isinstance(body, dict):
        return Unavailable(f"HTTP {status} with an unknown answer")
    proof = _text(body, "requestIdentifier")
    if error := _error(body):
        return Invalid(proof) if error == NOBODYS_NUMBER else Unavailable(error)
    match body.get("valid"):
        case True if status == requests.codes.ok:
            return Valid(_text(body, "name"), _text(body, "address"), proof)
        case False if status == requests.codes.ok:
            return Invalid(proof)
    return Unavailable(f"HTTP {status} with an unknown answer")


def _error(body: dict) -> str:
    wrappers = body.get("errorWrappers")
    if isinstance(wrappers, list) and wrappers and isinstance(wrappers[0], dict):
        return _text(wrappers[0], "error") or "an unnamed error"
    return ""


def _text(body: dict, name: str) -> str:
    value = body.get(name)
    return "" if not isinstance(value, str) or value.strip() == UNTOLD else value.strip()
