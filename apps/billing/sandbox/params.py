"""Reads form parameters with nested brackets and checks them against an endpoint's schema.

A schema is a dict: name -> reader. A reader takes the raw value (a string or a dict) and the parameter's full name, and
returns the value that the endpoint works with, or raises the error that Stripe would answer.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from .errors import StripeError, bad_parameter

Reader = Callable[[Any, str], Any]
Schema = Mapping[str, Reader]

KEY = re.compile(r"\[([^\]]*)\]")


def decode(encoded: str) -> dict[str, Any]:
    """``a[b]=1&c[]=2&c[]=3`` -> ``{"a": {"b": "1"}, "c": {"0": "2", "1": "3"}}``. Readers make the lists."""
    tree: dict[str, Any] = {}
    for key, value in parse_qsl(encoded, keep_blank_values=True):
        bracket = key.find("[")
        if bracket < 1:
            tree[key] = value
            continue
        place = tree
        name = key[:bracket]
        for part in KEY.findall(key[bracket:]):
            inner = place.get(name)
            if not isinstance(inner, dict):
                inner = place[name] = {}
            place = inner
            name = part or str(len(place))
        place[name] = value
    return tree


def check(schema: Schema, raw: dict[str, Any], *, prefix: str = "") -> dict[str, Any]:
    """Only the parameters that were sent, read by the schema. Raises StripeError 400 for unknown ones."""
    unknown = [_full(prefix, name) for name in raw if name not in schema]
    if unknown:
        noun = "parameter" if len(unknown) == 1 else "parameters"
        raise bad_parameter(f"Received unknown {noun}: {', '.join(unknown)}", unknown[0], code="parameter_unknown")
    return {name: schema[name](value, _full(prefix, name)) for name, value in raw.items()}


def require(params: dict[str, Any], *names: str) -> None:
    """Raises StripeError 400 ``parameter_missing`` unless all names were sent."""
    for name in names:
        if params.get(name) is None:
            raise bad_parameter(f"Missing required param: {name}.", name, code="parameter_missing")


def merge_metadata(current: dict[str, str], change: dict[str, str] | None) -> dict[str, str]:
    """Metadata after an update: given keys are set, keys with an empty value removed; None (sent empty) removes all."""
    if change is None:
        return {}
    merged = {**current, **change}
    return {key: value for key, value in merged.items() if value != ""}


def _full(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


def _scalar(value: Any, name: str) -> str:
    if isinstance(value, dict):
        raise bad_parameter(f"Invalid string: {value}", name)
    return value


def _empty(name: str) -> StripeError:
    return bad_parameter(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; however"
        f" '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value.",
        name,
        code="parameter_invalid_empty",
    )


def text(value: Any, name: str) -> str:
    """A string that cannot be empty."""
    if _scalar(value, name) == "":
        raise _empty(name)
    return value


def optional_text(value: Any, name: str) -> str | None:
    """A string that an empty value unsets."""
    return _scalar(value, name) or None


def integer(value: Any, name: str) -> int:
    """A whole number."""
    if _scalar(value, name) == "":
        raise _empty(name)
    if not re.fullmatch(r"-?\d{1,18}", value):
        raise bad_parameter(f"Invalid integer: {value}", name, code="parameter_invalid_integer")
    return int(value)


def boolean(value: Any, name: str) -> bool:
    """``true`` or ``false``."""
    if _scalar(value, name) == "":
        raise _empty(name)
    if value not in ("true", "false"):
        raise bad_parameter(f"Invalid boolean: {value}", name)
    return value == "true"


def one_of(*choices: str) -> Reader:
    """One word of a closed list."""

    def read(value: Any, name: str) -> str:
        if text(value, name) not in choices:
            listed = choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"
            raise bad_parameter(f"Invalid {name}: must be one of {listed}", name)
        return value

    return read


def array(item: Reader) -> Reader:
    """A list, sent as ``name[]=..`` or ``name[0]=..``; an empty value is an empty list."""

    def read(value: Any, name: str) -> list[Any]:
        if value == "":
            return []
        if not isinstance(value, dict):
            raise bad_parameter("Invalid array", name)
        return [item(entry, f"{name}[{index}]") for index, entry in enumerate(value.values())]

    return read


def fields(schema: Schema, *, unset: bool = False) -> Reader:
    """A hash with known names. With ``unset`` an empty value means None."""

    def read(value: Any, name: str) -> dict[str, Any] | None:
        if value == "" and unset:
            return None
        if not isinstance(value, dict):
            raise bad_parameter("Invalid object", name)
        return check(schema, value, prefix=name)

    return read


def metadata(value: Any, name: str) -> dict[str, str] | None:
    """Up to 50 keys of 40 characters with values of 500; an empty value means None (remove all)."""
    if value == "":
        return None
    if not isinstance(value, dict):
        raise bad_parameter("Invalid object", name)
    if len(value) > 50:
        raise bad_parameter("Metadata can have up to 50 keys.", name)
    for key, entry in value.items():
        if len(key) > 40:
            raise bad_parameter(f"Invalid string: {key}; must be at most 40 characters", f"{name}[{key}]")
        if len(_scalar(entry, f"{name}[{key}]")) > 500:
            raise bad_parameter(
                f"Metadata values can have up to 500 characters, but you passed in a value that is {len(entry)}"
                f" characters. Invalid value: {entry}",
                f"{name}[{key}]",
            )
    return dict(value)


def time_range(value: Any, name: str) -> dict[str, int]:
    """Unix seconds: an exact value, or bounds ``gt``, ``gte``, ``lt``, ``lte``."""
    if isinstance(value, dict):
        return check(dict.fromkeys(("gt", "gte", "lt", "lte"), integer), value, prefix=name)
    exact = integer(value, name)
    return {"gte": exact, "lte": exact}


ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), optional_text)
LISTING: Schema = {
    "limit": integer,
    "starting_after": text,
    "ending_before": text,
    "created": time_range,
}
