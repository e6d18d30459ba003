"""Which guides a visitor may read, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.catalog.models import GuideView, Product

from .visitor import Sees, Standing


@dataclass(frozen=True, slots=True)
class Access:
    """A visitor in front of a guide. `opens_at` is when it opens for a member whose plan has it, and who has not been
    a member for long enough yet."""

    is_open: bool
    opens_at: datetime | None = None


def access(guide: Product, *, standing: Standing | Sees, now: datetime) -> Access:
    """Whether the visitor may read the guide at `now`. The guide is fetched with its text."""
    if not guide.is_open_to(standing.rank):
        return Access(is_open=False)
    days = guide.guide.available_after_days
    if guide.is_open_to_all or not days or standing.member_since is None:
        return Access(is_open=True)
    opens_at = standing.member_since + timedelta(days=days)
    return Access(is_open=True) if opens_at <= now else Access(is_open=False, opens_at=opens_at)


def cards(guides: Iterable[Product], *, standing: Standing | Sees, now: datetime) -> list[tuple[Product, Access]]:
    """Guides with what the visitor may do with each."""
    return [(guide, access(guide, standing=standing, now=now)) for guide in guides]


def read_so_far(standing: Standing) -> int:
    """How many guides for members the visitor has read since this membership began. One query; none without one."""
    if standing.subscription is None or standing.member_since is None:
        return 0
    opened = GuideView.objects.filter(
        customer=standing.subscription.customer_id, locked=False, at__gte=standing.member_since
    )
    return opened.exclude(product__member_min_rank=None).values("product").distinct().count()
