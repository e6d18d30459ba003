"""The decision: checked, and how many it touches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.catalog.models import BundleChoice, Kind, Variant
from apps.orders.errors import OrderRefused
from apps.orders.models import Box, BoxStop, BoxStopKind

from . import touched


@dataclass(frozen=True, slots=True)
class Reach:
    """How many contracts, unpacked orders and held parcels a stop touches."""

    contracts: int
    orders: int
    held: int


def reach(box: Box, *, kind: str, variant: Variant | None = None, until: datetime | None = None) -> Reach:
    """How many the stop would touch at this moment: at most, since who picked something else keeps it."""
    if kind == BoxStopKind.SUBSTITUTE and variant is not None:
        return Reach(
            touched.subscriptions(box).count(), touched.orders(box, variant.pk).count(), touched.held(box).count()
        )
    assert until is not None, "a pause says until when"
    return Reach(touched.charged_before(box, until).count() + touched.given_before(box, until).count(), 0, 0)


def decide(
    box: Box,
    *,
    kind: str,
    variant: Variant | None = None,
    substitute: Variant | None = None,
    until: datetime | None = None,
    actor: str,
    now: datetime,
) -> BoxStop:
    """Write down what staff decided: SUBSTITUTE a variant by another, or PAUSE the box until an instant.

    Raises OrderRefused for a variant that is not in the box, a substitute that is the same, not for sale or a bundle, a
    time that is not to come, and while another stop of the box is being carried out; nothing is changed then.
    """
    if kind == BoxStopKind.SUBSTITUTE:
        _check_substitute(box, variant, substitute)
        until = None
    else:
        variant = substitute = None
        if until is None or until <= now:
            raise OrderRefused(_("Say until when, and choose a day to come."))
    try:
        with transaction.atomic():
            return BoxStop.objects.create(
                box=box, kind=kind, variant=variant, substitute=substitute, until=until, actor=actor, created_at=now
            )
    except IntegrityError as problem:
        raise OrderRefused(_("Another decision about this box is still being carried out.")) from problem


def _check_substitute(box: Box, variant: Variant | None, substitute: Variant | None) -> None:
    if variant is None or substitute is None:
        raise OrderRefused(_("Say what ran out, and what goes in."))
    if not BundleChoice.objects.filter(slot__product=box.product_id, variant=variant).exists():
        raise OrderRefused(_("This is not in the box."))
    if substitute == variant:
        raise OrderRefused(_("Choose something else than what ran out."))
    if substitute.product.kind == Kind.BUNDLE or not substitute.is_active:
        raise OrderRefused(_("This cannot go into a box."))
