"""What the catalogue writes beside what staff edit."""

from __future__ import annotations

from datetime import datetime, timedelta

from .models import GuideView, Product

# A reload or a way back to the page is the same reading.
SAME_READING = timedelta(minutes=30)


def record_view(product: Product, *, customer, locked: bool, now: datetime) -> GuideView | None:
    """Note that a customer opened a guide. A second time within half an hour is the same reading: None."""
    recent = GuideView.objects.filter(customer=customer, product=product, locked=locked, at__gt=now - SAME_READING)
    if recent.exists():
        return None
    return GuideView.objects.create(customer=customer, product=product, locked=locked, at=now)
