"""Tax rates as dated data."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

STANDARD = "standard"


class TaxRateQuerySet(models.QuerySet["TaxRate"]):
    def on(self, day: date) -> TaxRateQuerySet:
        """Rates in force on a day."""
        return self.filter(valid_from__lte=day).filter(Q(valid_to=None) | Q(valid_to__gt=day))

    def overlapping(self, start: date, end: date | None) -> TaxRateQuerySet:
        """Rates in force on any day of `[start, end)`, open when `end` is None."""
        later = self.filter(Q(valid_to=None) | Q(valid_to__gt=start))
        return later if end is None else later.filter(valid_from__lt=end)

    def countries(self, day: date) -> list[str]:
        """Countries (ISO 3166 alpha-2) the shop can sell to on a day, because it knows their rate."""
        return list(self.on(day).filter(category=STANDARD).order_by("country").values_list("country", flat=True))


class TaxRate(models.Model):
    """The rate of a country and category from `valid_from` (inclusive) to `valid_to` (exclusive; open when null)."""

    country = models.CharField(_("country"), max_length=2, help_text=_("ISO 3166 alpha-2."))
    category = models.CharField(_("category"), max_length=40, default=STANDARD)
    basis_points = models.PositiveIntegerField(_("basis points"), help_text=_("2200 is 22 %."))
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True, help_text=_("The first day it no longer applies."))

    objects = TaxRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        ordering = ["country", "category", "valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(basis_points__lte=10_000), name="billing_tax_at_most_the_price"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="billing_tax_dates_in_order"
            ),
            ExclusionConstraint(
                name="billing_tax_one_rate_a_day",
                expressions=[
                    ("country", RangeOperators.EQUAL),
                    ("category", RangeOperators.EQUAL),
                    (Func(F("valid_from"), F("valid_to"), function="daterange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.basis_points / 100:g} %"

    def has_begun(self, today: date) -> bool:
        """Whether something may have been invoiced at it."""
        return self.valid_from <= today
