"""Search of payment intents. Source: https://docs.stripe.com/search#search-query-language."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .call import Call, Row
from .errors import bad_parameter

CLAUSE = re.compile(
    r"""(?P<minus>-?)(?P<field>[a-z_]+)(?:\[(?P<quote>["'])(?P<key>[^"']+)(?P=quote)\])?"""
    r"""\s*(?P<sign><=|>=|[:<>~])\s*"""
    r"""(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<bare>[^\s"']+))\s*"""
)
JOINT = re.compile(r"(AND|OR)\s+", re.IGNORECASE)
NUMBERS = {"amount", "created"}
WORDS = {"currency", "customer", "status"}
DEFAULT_LIMIT, MAX_LIMIT = 10, 100


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition. ``value`` None stands for an unquoted null."""

    field: str
    key: str | None
    sign: str
    value: str | None
    negated: bool

    def holds(self, row: Row) -> bool:
        """Whether the row meets the condition."""
        held = row["metadata"].get(self.key) if self.field == "metadata" else row[self.field]
        return self._compare(held) != self.negated

    def _compare(self, held: Any) -> bool:
        if self.value is None:
            return held is None
        if held is None:
            return False
        if self.field in NUMBERS:
            number = int(self.value)
            return {
                ":": held == number,
                ">": held > number,
                ">=": held >= number,
                "<": held < number,
                "<=": held <= number,
            }[self.sign]
        return self.value.lower() in held.lower() if self.sign == "~" else held.lower() == self.value.lower()


def payment_intents(call: Call) -> Row:
    """A search result, newest first. Objects younger than the control setting ``search_delay`` are not found yet."""
    clauses, any_of = parse(call.params["query"])
    limit = call.params.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise bad_parameter(f"limit must be between 1 and {MAX_LIMIT}.", "limit", code="parameter_invalid_integer")
    newest = time.time() - call.sandbox.search_delay
    test = any if any_of else all
    found = [
        row
        for row in _candidates(call, clauses, any_of=any_of)
        if row["created"] <= newest and test(clause.holds(row) for clause in clauses)
    ]
    found.sort(key=lambda row: call.sandbox.store["payment_intent"].entry(row["id"]) or (0, 0, ""), reverse=True)
    start = _start(call)
    more = len(found) > start + limit
    return {
        "object": "search_result",
        "data": found[start : start + limit],
        "has_more": more,
        "next_page": str(start + limit) if more else None,
        "url": call.path,
    }


def parse(query: str) -> tuple[list[Clause], bool]:
    """The conditions, and whether any (OR) or all (AND) must hold. Raises StripeError 400 for an unreadable query."""
    clauses: list[Clause] = []
    joints: set[str] = set()
    rest = query.strip()
    while rest:
        found = CLAUSE.match(rest)
        if not found:
            raise _unreadable(query)
        clauses.append(_clause(found, query))
        rest = rest[found.end() :]
        joint = JOINT.match(rest)
        if joint:
            joints.add(joint.group(1).upper())
            rest = rest[joint.end() :]
            if not rest:
                raise _unreadable(query)
        elif rest:
            joints.add("AND")
    if not clauses or len(joints) > 1:
        raise _unreadable(query)
    return clauses, "OR" in joints


def _clause(found: re.Match[str], query: str) -> Clause:
    field, key, sign = found["field"], found["key"], found["sign"]
    quoted, bare = found["quoted"], found["bare"]
    value = re.sub(r"\\(.)", r"\1", quoted[1:-1]) if quoted else bare
    known = (field == "metadata") == (key is not None) and field in NUMBERS | WORDS | {"metadata"}
    if not known:
        raise bad_parameter(f"Field `{field}` is an unsupported search field for resource `payment_intents`.", "query")
    if field in NUMBERS and (not value or not value.isdigit()):
        raise _unreadable(query)
    if field not in NUMBERS and sign not in ":~":
        raise _unreadable(query)
    null = bare is not None and bare.lower() == "null"
    if field not in NUMBERS and bare is not None and not null:
        raise _unreadable(query)
    return Clause(field, key, sign, None if null else value, found["minus"] == "-")


def _candidates(call: Call, clauses: list[Clause], *, any_of: bool) -> Iterable[Row]:
    table = call.sandbox.store["payment_intent"]
    if not any_of:
        for clause in clauses:
            if clause.negated or clause.sign != ":" or clause.value is None:
                continue
            if clause.field == "metadata" and clause.key:
                return [table.rows[found] for found in table.ids_with_metadata(clause.key, clause.value)]
            if clause.field == "customer":
                return table.rows_where("customer", clause.value)
    return table


def _start(call: Call) -> int:
    page = call.params.get("page", "0")
    if not page.isdigit():
        raise bad_parameter("Invalid page.", "page")
    return int(page)


def _unreadable(query: str) -> Exception:
    return bad_parameter(
        f"We were unable to parse your search query: {query}. Refer to https://stripe.com/docs/search#search-query-language"
        " for the syntax.",
        "query",
    )
