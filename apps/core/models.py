"""Small model bases, and the two tables about the machine itself."""

from datetime import timedelta
from typing import ClassVar, NamedTuple
from uuid import uuid4

from django.db import InterfaceError, OperationalError, connection, models
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


class Marks(NamedTuple):
    """The marks in force: of all that staff show, and of the numbers that visitors are told."""

    edition: str
    counts: str


class EditionQuerySet(models.QuerySet["Edition"]):
    def current(self) -> Marks:
        """The marks in force. Every page that is kept asks for them, and the ORM would take longer than the answer.

        It is the first question of such a page, and as good as Django's own whether the connection still works: if not,
        it is asked again of a new one.
        """
        is_asked = connection.health_check_done  # type: ignore[attr-defined]
        if connection.connection is None or connection.in_atomic_block or is_asked:
            return _marks()
        connection.health_check_done = True  # type: ignore[attr-defined]
        try:
            return _marks()
        except (OperationalError, InterfaceError):
            connection.close_if_unusable_or_obsolete()
            return _marks()


def _marks() -> Marks:
    with connection.cursor() as cursor:
        cursor.execute("SELECT mark::text, counts::text FROM core_edition")
        return Marks(*cursor.fetchone())


class Edition(models.Model):
    """The edition of what staff show: one row, whose marks the database changes; see `editions`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    mark = models.UUIDField(_("mark"), default=uuid4)
    counts = models.UUIDField(_("mark of the numbers"), default=uuid4)

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("edition")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="core_one_edition")]

    def __str__(self) -> str:
        return str(self.mark)


class SweepRunQuerySet(models.QuerySet["SweepRun"]):
    def latest_of_each(self) -> "SweepRunQuerySet":
        """The last run of every sweep."""
        return self.order_by("sweep", "-started_at").distinct("sweep")


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


class ClockJourney(models.Model):
    """One journey of the time machine: the row is the intent, a worker carries it out step by step."""

    origin = models.DateTimeField(_("from"), help_text=_("Shop time at the start."))
    target = models.DateTimeField(_("to"), help_text=_("Shop time to arrive at."))
    reached = models.DateTimeField(_("reached"))
    steps = models.PositiveIntegerField(_("steps"), default=0)
    started_at = models.DateTimeField(_("started"), help_text=_("The machine's own time."))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True, help_text=_("The machine's own time."))
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("time journey")
        verbose_name_plural = _("time journeys")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(target__gt=models.F("origin")), name="core_journey_forward"),
            models.UniqueConstraint(
                fields=["finished_at"],
                condition=models.Q(finished_at__isnull=True),
                nulls_distinct=False,
                name="core_one_journey_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin:%Y-%m-%d} → {self.target:%Y-%m-%d}"

    @property
    def percent(self) -> int:
        """How much of the way is done, 0 to 100."""
        return int(100 * (self.reached - self.origin) / (self.target - self.origin))
