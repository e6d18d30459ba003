"""Many people in the shop at once, some of whom want more than there is. Long: `make soak`."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.models import Sum

from apps.billing.models import LedgerEntry
from apps.catalog import stock
from apps.catalog.models import Variant
from apps.orders.models import Order, OrderLine
from apps.storefront.demo import stock as demo
from tests import stack as stacks

pytestmark = pytest.mark.soak

VISITORS, BUYERS, SECONDS, PIECES = 200, 20, 120, 60
THING = "lemon-femminello"


@pytest.fixture
def shop(own_database) -> Iterator[stacks.Stack]:
    """The running shop with the demo's goods."""
    with stacks.demo_settings():
        demo.build(now=stacks.clock.now())
        with stacks.running(own_database) as stack:
            yield stack


def test_two_hundred_look_around_while_twenty_buy_the_last_pieces(shop, tmp_path):
    variant = Variant.objects.filter(product__slug=THING).order_by("position", "pk")[0]
    stock.correct(variant, available=PIECES, key="before-the-crowd", now=shop.now())
    _crowd(shop, tmp_path / "crowd")
    stacks.wait_for(lambda: not Order.objects.placed().filter(status="pending").exists(), patience=300)

    variant.stock.refresh_from_db()
    sold = OrderLine.objects.filter(variant=variant, order__status="paid").aggregate(sold=Sum("quantity"))["sold"]
    print(f"  {sold} of {PIECES} sold, {variant.stock.available} left")
    assert sold == PIECES - variant.stock.available
    assert 0 < sold <= PIECES
    assert Order.objects.filter(status="paid").count() == sold
    assert LedgerEntry.objects.aggregate(total=Sum("amount_minor"))["total"] == 0


def _crowd(shop: stacks.Stack, report: Path) -> None:
    """Let them all come, and print how quick each page was. One answer that is an error fails the test."""
    command = [sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("crowd.py")), "--headless"]
    size = [
        "--users",
        str(VISITORS + BUYERS),
        "--spawn-rate",
        "20",
        "--run-time",
        f"{SECONDS}s",
        "--stop-timeout",
        "30",
    ]
    environ = shop.environ | {"BUYERS": str(BUYERS), "GATEWAY": shop.sandbox, "THING": f"/shop/{THING}/"}
    run = subprocess.run(
        [*command, *size, "--host", shop.url, "--csv", str(report), "--only-summary", "--stop-timeout", "30"],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    rows = list(csv.DictReader(Path(f"{report}_stats.csv").read_text().splitlines()))
    for row in rows:
        print(f"  {row['Name']:<16} {row['Request Count']:>6} requests, {row['Failure Count']} failed, ", end="")
        print(f"median {row['Median Response Time']} ms, 99 %: {row['99%']} ms")
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert {row["Name"] for row in rows} >= {"pay", "gateway: card", "product", "search"}
