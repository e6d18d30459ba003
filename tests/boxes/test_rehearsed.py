"""A rehearsal of the coming days makes the boxes too, and nothing of it remains."""

from datetime import UTC, datetime

from apps.catalog.models import Stock
from apps.core import sweeps
from apps.insights.rehearsal import rehearse
from apps.orders.boxes import stopping
from apps.orders.models import BoxDelivery, BoxStop, Order
from tests.factories import boxes, catalog

NOW = datetime(2026, 4, 17, 9, 30, tzinfo=UTC)


def test_boxes_are_rehearsed_and_nothing_remains(own_database, gateway):
    made = boxes.box()
    limes = catalog.product(name="Limes", left=50).variants.get()
    for _each in range(3):
        boxes.subscriber(gateway, made, now=NOW)
    sweeps.run("orders.boxes", now=NOW)
    stopping.decide(made.box, kind="substitute", variant=made.jam, substitute=limes, actor="staff", now=NOW)
    before = (Order.objects.count(), list(Stock.objects.order_by("pk").values_list("available", flat=True)))

    outcome = rehearse(days=40, now=NOW)

    work = outcome.summary["work"]
    assert (work["orders.box_stops"], work["orders.boxes"], work["orders.box_closing"]) == (3, 3, 3)
    assert (Order.objects.count(), list(Stock.objects.order_by("pk").values_list("available", flat=True))) == before
    assert (BoxDelivery.objects.count(), BoxStop.objects.get().done_at) == (3, None)
