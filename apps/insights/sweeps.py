"""What workers do for insights."""

from datetime import datetime

from django.db.models import Min

from apps.core import sweeps

from .models import Rehearsal
from .rehearsal import services


def _next_rehearsal(*, now: datetime) -> datetime | None:
    """A lost worker's rehearsal is taken up again, but nothing for the shop's clock to stop at."""
    waiting = Rehearsal.objects.filter(status=Rehearsal.Status.REQUESTED)
    return waiting.aggregate(at=Min("requested_at"))["at"]


@sweeps.register(name="insights.rehearse", order=800, next_due=_next_rehearsal)
def rehearse(*, now: datetime) -> int:
    """Carry out the rehearsal that staff asked for."""
    return services.carry_out_next(now=now)
