"""Small model bases, and the two tables about the machine itself."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from .money import Money


class MoneyColumn:
    """A read property over `<name>_minor` and `currency`: `total = MoneyColumn("total")`."""

    def __init__(self, name: str) -> None:
        self.column = f"{name}_minor"

    def __get__(self, row, owner=None):
        if row is None:
            return self
        minor = getattr(row, self.column)
        return None if minor is None else Money(minor, row.currency)


class ClockShift(models.Model):
    """How far the time machine has moved the shop's clock: one row, read only where the time machine is on."""

    SINGLETON: ClassVar[int] = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=SINGLETON)
    shift = models.DurationField(default=timedelta)

    class Meta:
        verbose_name = _("clock shift")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="core_one_clock_shift")]

    def __str__(self) -> str:
        return str(self.shift)

    @classmethod
    def current(cls) -> timedelta:
        """The shift in force; zero when the clock was never moved."""
        row = cls.objects.filter(pk=cls.SINGLETON).values_list("shift", flat=True).first()
        return row or timedelta()


class SweepRunQuerySet(models.QuerySet["SweepRun"]):
    def latest_of_each(self) -> "SweepRunQuerySet":
        """The last run of every sweep."""
        return self.order_by("sweep", "-started_at").distinct("sweep")

    def older_than(self, moment: datetime) -> "SweepRunQuerySet":
        return self.filter(started_at__lt=moment)


class SweepRun(models.Model):
    """What a worker did: one row for each run of a sweep that handled something or failed."""

    sweep = models.CharField(_("sweep"), max_length=60)
    at = models.DateTimeField(_("shop time"), help_text=_("The instant the sweep was run for, on the shop's clock."))
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"))
    handled = models.PositiveIntegerField(_("handled"), default=0)
    error = models.TextField(_("error"), blank=True)

    objects = SweepRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("worker run")
        verbose_name_plural = _("worker runs")
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["sweep", "-started_at"], name="core_sweeprun_by_sweep")]

    def __str__(self) -> str:
        return f"{self.sweep} {self.at:%Y-%m-%d %H:%M}"
