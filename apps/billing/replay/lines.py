"""One line of an invoice, from its inputs: (what, expected, found) for each thing that comes out differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from apps.billing import retaxing, rules
from apps.billing.models import Invoice, InvoiceLine
from apps.billing.taxation import Settled
from apps.core.periods import Interval, Unit, period

Found = tuple[str, object, object]
_SHARES = {"proration_charge", "proration_credit"}


def differences(line: InvoiceLine) -> Iterator[Found]:
    """Everything about a line that can be computed again by itself."""
    yield from _amount(line)
    try:
        yield from _shares(line) if line.kind in _SHARES else _period(line)
    except (KeyError, TypeError, ValueError) as problem:
        yield "period", "inputs that give a period", f"{type(problem).__name__}: {problem}"


def tax_differences(invoice: Invoice, lines: Sequence[InvoiceLine]) -> Iterator[tuple[InvoiceLine, Found]]:
    """The tax of all lines of an invoice, which may have been rounded together: (line, what differs)."""
    try:
        settled = retaxing.settle(invoice, lines)
    except (TypeError, ValueError) as problem:
        for line in lines:
            yield line, ("tax", "inputs that give a tax", f"{type(problem).__name__}: {problem}")
        return
    for line, again in zip(lines, settled, strict=True):
        for found in _tax(line, again):
            yield line, found


def _amount(line: InvoiceLine) -> Iterator[Found]:
    try:
        amount = rules.recompute(line.kind, line.inputs)
    except (ValueError, TypeError) as problem:
        yield "amount", "inputs that give an amount", f"{type(problem).__name__}: {problem}"
    else:
        yield from _compare("amount", amount, line.reckoned.minor)
    yield from _compare("unit price x quantity", line.unit_minor * line.quantity, line.reckoned.minor)


def _tax(line: InvoiceLine, again: Settled) -> Iterator[Found]:
    yield from _compare("tax", again.tax_minor, line.tax_minor)
    yield from _compare("net", again.net_minor, line.net_minor)
    yield from _compare("amount with tax", again.amount_minor, line.amount_minor)
    yield from _compare("tax rate", again.basis_points, line.tax_basis_points)
    yield from _compare("tax left to the customer", again.relieved_minor, line.relieved.minor)


def _period(line: InvoiceLine) -> Iterator[Found]:
    """A period counted from its anchor. Lines that were not counted, such as a discount, say nothing of it."""
    inputs = line.inputs
    if "anchor" not in inputs:
        return
    interval = Interval(Unit(inputs["interval_unit"]), inputs["interval_count"])
    anchor = datetime.fromisoformat(inputs["anchor"])
    counted = period(anchor, inputs["period"], interval, inputs["zone"])
    yield from _compare("period start", counted.start, line.period_start)
    yield from _compare("period end", counted.end, line.period_end)


def _shares(line: InvoiceLine) -> Iterator[Found]:
    """The rest of a span, from the instant of a change of plan to its end, in whole seconds."""
    inputs = line.inputs
    if "span_end" not in inputs or line.period_start is None:
        return
    start, end = (datetime.fromisoformat(inputs[name]) for name in ("span_start", "span_end"))
    whole = int((end - start).total_seconds())
    left = max(0, min(whole, int((end - line.period_start).total_seconds())))
    yield from _compare("seconds in the period", whole, inputs["seconds_whole"])
    yield from _compare("seconds left", left, inputs["seconds_left"])
    yield from _compare("period end", end, line.period_end)


def _compare(what: str, expected: object, found: object) -> Iterator[Found]:
    if expected != found:
        yield what, expected, found
