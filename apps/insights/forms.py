"""What staff fill in."""

from datetime import datetime, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core import time_machine
from apps.core.periods import Interval, Unit, boundary

from .timeline import Kind


class TimelineFilter(forms.Form):
    """Which part of a customer's story to show."""

    KINDS = [("", _("Everything")), *Kind.choices]

    kind = forms.ChoiceField(choices=KINDS, required=False)


class ActForm(forms.Form):
    """Before a step is taken on a row of a queue: why, where that is to be kept."""

    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args, asks_why: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not asks_why:
            del self.fields["reason"]


class JourneyForm(forms.Form):
    """How far to move the shop's clock."""

    DAY, MONTH, EVENT = "day", "month", "event"

    WAYS = [(DAY, _("+1 day")), (MONTH, _("+1 month")), (EVENT, _("To the next event"))]

    by = forms.ChoiceField(choices=WAYS)

    def target(self, *, now: datetime) -> datetime | None:
        """The instant (UTC) to travel to; None when there is no next event. A month is a calendar month in UTC."""
        match self.cleaned_data["by"]:
            case self.EVENT:
                return time_machine.next_event(now=now)
            case self.MONTH:
                return boundary(now, 1, Interval(Unit.MONTH), "UTC")
            case _:
                return now + timedelta(days=1)
