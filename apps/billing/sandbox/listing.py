"""Lists: newest first, with Stripe's cursors and filters."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

from .call import NAMES, Call
from .errors import bad_parameter, missing
from .table import Timeline

Row = dict[str, Any]
DEFAULT_LIMIT, MAX_LIMIT = 10, 100


def page(
    call: Call,
    kind: str,
    *,
    timeline: Timeline | None = None,
    keep: Callable[[Row], bool] | None = None,
    render: Callable[[Row], Row] | None = None,
) -> Row:
    """A list object over a timeline (of the whole table unless given), filtered by ``keep``.

    Reads ``limit``, ``starting_after``, ``ending_before`` and ``created`` from the call.
    Raises StripeError 400 for a limit out of range and for an unknown cursor.
    """
    table = call.sandbox.store[kind]
    entries = (timeline or table.timeline).entries
    low, high = (timeline or table.timeline).bounds(call.params.get("created", {}))
    after, before = call.params.get("starting_after"), call.params.get("ending_before")
    if after and before:
        raise bad_parameter("You cannot parameterize both starting_after and ending_before.", "starting_after")
    backwards = bool(before)
    if after:
        high = min(high, _place(call, kind, entries, after, param="starting_after"))
    if before:
        low = max(low, _place(call, kind, entries, before, param="ending_before") + 1)
    steps = range(low, high) if backwards else range(high - 1, low - 1, -1)
    limit = _limit(call)
    found: list[Row] = []
    for place in steps:
        row = table.rows[entries[place][2]]
        if keep is None or keep(row):
            found.append(row)
            if len(found) > limit:
                break
    has_more = len(found) > limit
    found = found[:limit]
    if backwards:
        found.reverse()
    return wrap([render(row) for row in found] if render else found, url=call.path, has_more=has_more)


def wrap(rows: list[Row], *, url: str, has_more: bool = False) -> Row:
    """A list object."""
    return {"object": "list", "data": rows, "has_more": has_more, "url": url}


def _limit(call: Call) -> int:
    limit = call.params.get("limit", DEFAULT_LIMIT)
    if limit < 1:
        raise bad_parameter("This value must be greater than or equal to 1.", "limit", code="parameter_invalid_integer")
    if limit > MAX_LIMIT:
        raise bad_parameter(
            f"This value must be less than or equal to {MAX_LIMIT} (it currently is '{limit}').",
            "limit",
            code="parameter_invalid_integer",
        )
    return limit


def _place(call: Call, kind: str, entries: list[tuple[int, int, str]], cursor: str, *, param: str) -> int:
    entry = call.sandbox.store[kind].entry(cursor)
    if entry is None:
        raise missing(NAMES[kind][0], cursor, param=param, status=400)
    return bisect_left(entries, entry)
