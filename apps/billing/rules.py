"""Arithmetic of the books: tax inside a price, lines, shares of a refund, the calendar of dunning. No ORM, no clock.

Amounts are integers in minor units. Fractions are rounded once, half away from zero, where they are taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import TypeGuard

from apps.core.money import exponent, round_half_up, split

from .straight_line import spread

WHOLE = 10_000  # basis points in one

FIRST_CHECK = timedelta(seconds=10)
LONGEST_CHECK = timedelta(hours=6)
# A gateway that has no trace of a charge is believed only this long after it was sent: before, it may still be on its
# way.
BELIEVE_NOT_FOUND = timedelta(seconds=60)


# How often one invoice is tried by default: what Stripe recommends for its own retries
# (https://docs.stripe.com/billing/revenue-recovery/smart-retries). No policy goes beyond fifteen, the number of
# reattempts in thirty days above which Visa charges its excessive-retry fee.
MAX_TRIES = 8
TRIES_WITHIN_DAYS = 14
MOST_TRIES = 15
LONGEST = 60  # days of a policy


class CannotRecompute(ValueError):
    """The inputs of a line do not say how it was computed."""


def tax_in(gross_minor: int, basis_points: int) -> int:
    """The tax contained in a price that includes it: gross x rate / (1 + rate), rounded half up.

    Council Directive 2006/112/EC, Art. 78 and 226(9)-(10); negative lines carry negative tax, so that a credit undoes
    its charge exactly.
    """
    return round_half_up(Fraction(gross_minor * basis_points, WHOLE + basis_points))


def prorated(base_minor: int, *, seconds_left: int, seconds_whole: int) -> int:
    """The share of `base_minor` for the time left, to the second. Raises ValueError unless 0 <= left <= whole, whole
    > 0."""
    if not 0 <= seconds_left <= seconds_whole or seconds_whole == 0:
        raise ValueError("The time left must lie within the period")
    return round_half_up(Fraction(base_minor * seconds_left, seconds_whole))


def percent_of(base_minor: int, basis_points: int) -> int:
    """A percentage, in basis points, of an amount."""
    return round_half_up(Fraction(base_minor * basis_points, WHOLE))


def recompute(kind: str, inputs: Mapping) -> int:
    """The amount of a line computed again from its stored inputs, with tax or without, as its price is: it must equal
    `InvoiceLine.reckoned`.

    | kind             | inputs (minor units, seconds, basis points)                                              |
    |------------------|------------------------------------------------------------------------------------------|
    | proration_charge | base_minor, seconds_left, seconds_whole: base x left / whole                             |
    | proration_credit | the same, negative: base is what was really paid for the period                          |
    | discount         | base_minor and percent_basis_points, or base_minor and off_minor: at most the base, negative |
    | any other        | unit_minor, quantity: unit x quantity                                                    |

    Other keys (price version, plan, promotion, dates) are kept beside them for the reader. Raises CannotRecompute
    when one that is needed is missing."""
    try:
        match kind:
            case "proration_charge" | "proration_credit":
                part = prorated(
                    inputs["base_minor"], seconds_left=inputs["seconds_left"], seconds_whole=inputs["seconds_whole"]
                )
                return part if kind == "proration_charge" else -part
            case "discount":
                base = inputs["base_minor"]
                percent = inputs.get("percent_basis_points")
                off = inputs["off_minor"] if percent is None else percent_of(base, percent)
                return -min(base, off)
            case _:
                return inputs["unit_minor"] * inputs["quantity"]
    except KeyError as problem:
        raise CannotRecompute(f"A line of kind {kind} needs the input {problem}") from problem


def tax_given_back(inputs: Mapping) -> int:
    """The tax, below zero, of a line that gives a share of a charge back: the same share of the tax that was charged.
    Raises CannotRecompute."""
    try:
        return -prorated(
            inputs["base_tax_minor"], seconds_left=inputs["seconds_left"], seconds_whole=inputs["seconds_whole"]
        )
    except KeyError as problem:
        raise CannotRecompute(f"Tax that is given back needs the input {problem}") from problem


def credit_shares(amount_minor: int, left: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """How a credit of an invoice divides among its lines: (gross, tax) of each, in proportion to what is left of them.

    `left` is (gross, tax) of each line as far as it was not credited before, with the sign of the line; tax is part of
    gross. The gross parts sum to the amount, and no line gives more than it has, so that whatever the parts were, the
    last one leaves nothing. Lines below zero (discounts, credits for unused time) are taken back in the same proportion
    as those above. Raises ValueError unless 0 < amount <= sum of what is left.
    """
    whole = sum(gross for gross, _tax in left)
    if not 0 < amount_minor <= whole:
        raise ValueError(f"{amount_minor} cannot be credited, {whole} is left")
    above = [max(0, gross) for gross, _tax in left]
    below = [max(0, -gross) for gross, _tax in left]
    up = round_half_up(Fraction(amount_minor * sum(above), whole))
    down = up - amount_minor
    taken = [
        plus - minus
        for plus, minus in zip(split(up, above), split(down, below) if down else [0] * len(below), strict=True)
    ]
    return [(part, _tax_share(part, gross, tax)) for part, (gross, tax) in zip(taken, left, strict=True)]


def given_back_shares(gross_minor: int, tax_minor: int, left: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """How an amount that a later invoice gives back, and the tax in it, divide among the lines that it is given back
    of: (gross, tax) of each, both summing to the whole, in proportion to what is left of them (as in `credit_shares`).
    Raises ValueError unless 0 < amount <= sum of what is left."""
    gross = [part for part, _tax in credit_shares(gross_minor, left)]
    taxes = [tax for _gross, tax in left]
    tax_parts = spread(tax_minor, taxes) if sum(taxes) > 0 else [0] * len(taxes)
    return list(zip(gross, tax_parts, strict=True))


def line_shares(asked: Sequence[int], left: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """A credit of chosen parts of lines: (gross, tax) of each. `asked` is the gross of each line, 0 for one that stays,
    with the sign of the line; `left` as for `credit_shares`. Raises ValueError for more than a line has left, or with
    the other sign."""
    for part, (gross, _tax) in zip(asked, left, strict=True):
        if not min(0, gross) <= part <= max(0, gross):
            raise ValueError(f"{part} cannot be credited of a line, {gross} is left of it")
    return [(part, _tax_share(part, gross, tax) if part else 0) for part, (gross, tax) in zip(asked, left, strict=True)]


def _tax_share(part: int, gross: int, tax: int) -> int:
    """The tax in a part of a line; the rest of the line keeps the rest."""
    return tax if part == gross else split(part, [abs(tax), abs(gross - tax)])[0]


def converted(minor: int, *, of: str, to: str, factor: Fraction) -> int:
    """An amount in minor units of a currency, in minor units of another; `factor` is in major units of `to` for one of
    `of`. Rounded once, half up."""
    return round_half_up(minor * factor * Fraction(10) ** (exponent(to) - exponent(of)))


def next_check(now: datetime, since: datetime) -> datetime:
    """When to ask the gateway again about a charge that is open since `since`: soon at first, then ever more rarely."""
    age = max(now - since, timedelta())
    return now + min(max(age / 2, FIRST_CHECK), LONGEST_CHECK)


def asks_for_customer(status: str, decline_code: str) -> bool:
    """Whether a payment failed because the bank wants the customer to confirm."""
    return status == "needs_action" or decline_code == "authentication_required"


class Act(StrEnum):
    """What a step of a recovery does. The order is the order within one day."""

    REMINDER = "reminder"
    RETRY = "retry"
    FINAL_NOTICE = "final_notice"
    END = "end"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a recovery: `day` counts from the first failure."""

    day: int
    act: Act


def schedule(retry_days: Sequence[int], mail_days: Sequence[int], grace_days: int) -> list[Step]:
    """The steps of a policy in order: retries, reminders, the final notice after the last retry, the end after
    grace."""
    last = max(retry_days)
    acts = list(Act)
    steps = [
        *(Step(day, Act.RETRY) for day in retry_days),
        *(Step(day, Act.REMINDER) for day in mail_days),
        Step(last, Act.FINAL_NOTICE),
        Step(last + grace_days, Act.END),
    ]
    return sorted(steps, key=lambda step: (step.day, acts.index(step.act)))


def check_policy(
    retry_days: object,
    mail_days: object,
    grace_days: int,
    *,
    max_tries: int = MAX_TRIES,
    within_days: int = TRIES_WITHIN_DAYS,
) -> list[str]:
    """What is wrong with a dunning policy, as codes: retry_days, mail_days, grace_days, max_tries, tries_within_days.
    Empty when it is sound."""
    wrong = []
    if not _rising_days(retry_days) or not retry_days:
        wrong.append("retry_days")
    elif not _rising_days(mail_days) or any(day > retry_days[-1] for day in mail_days):
        wrong.append("mail_days")
    if not 0 <= grace_days <= LONGEST:
        wrong.append("grace_days")
    if not TRIES_WITHIN_DAYS <= within_days <= LONGEST:
        wrong.append("tries_within_days")
    too_often = not wrong and _rising_days(retry_days) and most_tries(retry_days, within_days) > max_tries
    if too_often or not 2 <= max_tries <= MOST_TRIES:
        wrong.append("max_tries")
    return wrong


def most_tries(retry_days: Sequence[int], within_days: int) -> int:
    """How often a policy tries at most in so many days in a row, the first attempt on day 0 included."""
    days = [0, *retry_days]
    return max(sum(1 for day in days if first <= day < first + within_days) for first in days)


def _rising_days(days: object) -> TypeGuard[list[int]]:
    if not isinstance(days, list) or not all(type(day) is int and 1 <= day <= LONGEST for day in days):
        return False
    return days == sorted(set(days))
