"""How lines are taxed: included or added, rounded by line or by document, charged or left to the customer. No clock, no
database.

Council Directive 2006/112/EC: taxable amount without the tax (Art. 78), rounding left to the states and so to the
seller's choice, which stays the same (by line, or once for each rate of a document), reverse charge of services (Art.
196), goods sent to a company in another member state (Art. 138), the words on the invoice (Art. 226(11) and (11a)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from apps.core.money import round_half_up, split

from .models.invoice import TaxTreatment
from .models.seller import TaxRounding

WHOLE = 10_000  # basis points in one


class Taxable(Protocol):
    """What tax is computed from: an amount with or without tax, in minor units, at a rate.

    `charged_tax_minor` is for a line that gives back: the tax that was charged then, which is not computed anew.
    """

    @property
    def amount_minor(self) -> int: ...
    @property
    def tax_basis_points(self) -> int: ...
    @property
    def tax_included(self) -> bool: ...
    @property
    def charged_tax_minor(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Settled:
    """A line with its tax, as an invoice keeps it. `relieved_minor` is the tax that was inside the amount and is not
    charged, because the customer accounts for it."""

    net_minor: int
    tax_minor: int
    basis_points: int
    relieved_minor: int = 0

    @property
    def amount_minor(self) -> int:
        """What the customer owes for the line."""
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class Settlement:
    """The lines of a document with their tax, in order.

    `adds_tax`: people read the lines without tax, and the tax below them; otherwise the lines contain it.
    """

    lines: list[Settled]
    adds_tax: bool

    @property
    def total_minor(self) -> int:
        """What the customer owes, with tax."""
        return sum(line.net_minor + line.tax_minor for line in self.lines)

    @property
    def net_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        return sum(line.tax_minor for line in self.lines)

    @property
    def shown_minor(self) -> list[int]:
        """The amount beside each line: without tax where tax is added below, else with it."""
        return [line.net_minor if self.adds_tax else line.amount_minor for line in self.lines]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxation:
    """How one customer is taxed, and what an invoice keeps of them: company, address (one line each) and tax number."""

    company: str = ""
    address: str = ""
    tax_number: str = ""
    treatment: TaxTreatment = TaxTreatment.STANDARD
    rounding: TaxRounding = TaxRounding.LINE

    @property
    def is_reverse_charge(self) -> bool:
        return self.treatment == TaxTreatment.REVERSE_CHARGE

    def charged(self, basis_points: int) -> int:
        """The rate that is really charged where the country's is `basis_points`."""
        return 0 if self.is_reverse_charge else basis_points

    def settle(self, lines: Sequence[Taxable]) -> Settlement:
        """Every line with its tax.

        A price that includes tax stays what it is, whatever the rounding; the rounding decides how much of it is tax.
        A price without tax gets it on top. Under reverse charge no tax is charged: a price that includes tax is paid
        without the VAT of the customer's country, exactly the net amount that a taxed customer of that country has on
        the invoice; a price without tax is paid as it is. What gives back gives back the tax that was charged.
        """
        taxes = tax_of(lines, rounding=self.rounding)
        settled = [self._settle(line, tax) for line, tax in zip(lines, taxes, strict=True)]
        return Settlement(settled, self.is_reverse_charge or any(not line.tax_included for line in lines))

    def _settle(self, line: Taxable, tax: int) -> Settled:
        net = line.amount_minor - tax if line.tax_included else line.amount_minor
        if self.is_reverse_charge and line.charged_tax_minor is None:
            return Settled(net, 0, 0, relieved_minor=tax if line.tax_included else 0)
        return Settled(net, tax, line.tax_basis_points)


def tax_of(lines: Sequence[Taxable], *, rounding: TaxRounding) -> list[int]:
    """The tax of each line at its rate, in minor units.

    By line: each rounded half away from zero. By document: for each rate the exact tax of all its lines is summed and
    rounded once; what that differs from the rounded lines goes to the lines in proportion to their size, so that they
    sum to it. Both are odd functions: the same lines with the opposite signs give the opposite taxes.
    """
    exact = [_exact_tax(line) for line in lines]
    taxes = [round_half_up(share) for share in exact]
    if rounding == TaxRounding.LINE:
        return taxes
    computed = [index for index, line in enumerate(lines) if line.charged_tax_minor is None]
    for rate in sorted({lines[index].tax_basis_points for index in computed}):
        same = [index for index in computed if lines[index].tax_basis_points == rate]
        whole = round_half_up(sum((exact[index] for index in same), Fraction()))
        rest = whole - sum(taxes[index] for index in same)
        if rest:
            sizes = [abs(lines[index].amount_minor) for index in same]
            for index, part in zip(same, split(rest, sizes), strict=True):
                taxes[index] += part
    return taxes


def _exact_tax(line: Taxable) -> Fraction:
    if line.charged_tax_minor is not None:
        return Fraction(line.charged_tax_minor)
    rate = line.tax_basis_points
    return Fraction(line.amount_minor * rate, WHOLE + rate if line.tax_included else WHOLE)
