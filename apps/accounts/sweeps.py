"""What accounts does on schedule."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min

from apps.core.sweeps import register

from . import erasing, exporting
from .models import DataExport, ExportStatus


def _next_export(*, now: datetime) -> datetime | None:
    asked = DataExport.objects.to_make().aggregate(at=Min("requested_at"))["at"]
    over = DataExport.objects.filter(status=ExportStatus.READY).aggregate(at=Min("expires_at"))["at"]
    return min((moment for moment in (asked, over) if moment), default=None)


@register(name="accounts.export", order=310, next_due=_next_export, wakes=("mail.deliver",))
def export(*, now: datetime) -> int:
    """Make the copies of their data that people asked for, and delete old ones."""
    return exporting.make_due(now=now)


@register(name="accounts.erase", order=320, next_due=erasing.next_due)
def erase(*, now: datetime) -> int:
    """Erase the people who asked for it."""
    return erasing.carry_out_due(now=now)
