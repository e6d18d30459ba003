"""What the workers do on schedule."""

from datetime import datetime

from apps.core import sweeps

from .delivery import deliver_due
from .models import Message


def _next_due(*, now: datetime) -> datetime | None:
    return Message.objects.next_due()


@sweeps.register(name="mail.deliver", order=900, next_due=_next_due)
def deliver(*, now: datetime) -> int:
    """Send what is due."""
    return deliver_due(now=now)
