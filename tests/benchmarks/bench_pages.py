"""Requests a second of the shop's pages among 10,000 products, beside a bare Django view of equal size.

    make bench T=tests/benchmarks/bench_pages.py

One process, through the whole of Django (middleware, session, policy), without a network: `Client` calls the handler.
The bare view has three indexed queries and puts out as many bytes; a stored page puts out the same bytes and asks
nobody. All are measured in turns, so that what else the machine does slows all of them. Printed: requests a second, the
99th percentile, and the ratios. The pages are warm: they are asked for once before.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import quantiles

import pytest
from django.template import Template
from django.test import Client, override_settings
from django.urls import reverse

from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal
from apps.catalog.models import Category, Product, ProductPrice, Stock, Variant
from apps.core import clock
from tests.factories import catalog, memberships
from tests.storefront.pages import signed_in

PRODUCTS = 10_000
ROUNDS, EACH = 12, 25
_MEMBERS = {"member_amount_minor": 900}
_NAMES = ("Lemon", "Orange", "Lime", "Yuzu", "Citron", "Mandarin", "Pomelo", "Kumquat")


def _fill() -> None:
    catalog.stock()
    rooms = list(Category.objects.order_by("pk"))
    Product.objects.bulk_create(
        Product(
            slug=f"p{number}", name=f"{_NAMES[number % 8]} thing {number}", kind="physical",
            category=rooms[number % len(rooms)], summary="A thing of use in every garden",
            description="It is **good**. " * 20, status="published", picture="art/products/secateurs.svg",
            position=number,
        )
        for number in range(PRODUCTS)
    )  # fmt: skip
    made = list(Product.objects.filter(slug__startswith="p", position__lt=PRODUCTS, name__contains="thing"))
    variants = Variant.objects.bulk_create(Variant(product=product, sku=product.slug) for product in made)
    ProductPrice.objects.bulk_create(
        ProductPrice(variant=v, product_id=v.product_id, currency="EUR", amount_minor=1000 + v.pk, **_MEMBERS)
        for v in variants
    )
    Stock.objects.bulk_create(Stock(variant=variant, available=20) for variant in variants)


def _times(ask: Callable[[], object]) -> list[float]:
    found = []
    for _request in range(EACH):
        began = time.perf_counter()
        ask()
        found.append(time.perf_counter() - began)
    return found


def _measure(title: str, client: Client, ask: Callable[[], object], *, size: int) -> dict[str, float]:
    """The ratios of what is asked for to the bare view and to the stored page, of `size` bytes."""
    bare, stored = f"/bare/{size}/", f"/stored/{size}/"
    assert abs(len(client.get(bare).content) - size) < size * 0.15
    asked = {"ours": ask, "bare": lambda: client.get(bare), "stored": lambda: client.get(stored)}
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _round in range(ROUNDS):
        for name, call in asked.items():
            times[name] += _times(call)
    said = "   ".join(
        f"{name} {len(taken) / sum(taken):5.0f}/s p99 {quantiles(taken, n=100)[98] * 1000:5.1f} ms"
        for name, taken in times.items()
    )
    ratios = {name: sum(times[name]) / sum(times["ours"]) for name in ("bare", "stored")}
    print(f"  {title:<20} {size:>6} bytes   {said}   of bare {ratios['bare']:.2f}, of stored {ratios['stored']:.2f}")
    return ratios


def _page(title: str, client: Client, path: str) -> dict[str, float]:
    size = len(client.get(path).content)
    return _measure(title, client, lambda: client.get(path), size=size)


def _put_in(client: Client) -> dict[str, float]:
    """A piece into the basket, and the page that shows it: what a click costs until the customer sees the basket."""
    variant = Variant.objects.get(product__slug="p5000").pk

    def click() -> None:
        assert client.post(reverse("basket_add"), {"variant": variant, "quantity": "1"}).status_code == 302

    click()
    return _measure("basket add, member", client, click, size=4000)


@override_settings(
    ROOT_URLCONF="tests.benchmarks.bare_page", PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]
)
@pytest.mark.usefixtures("own_database")
def test_pages_among_ten_thousand(monkeypatch):
    _fill()
    memberships.plans()
    with gateways.using(Rehearsal()) as gateway:
        member = signed_in(memberships.member(gateway, now=clock.now() - timedelta(days=9)).customer)
    # pytest has Django note down every template with a copy of its context, which no shop does.
    monkeypatch.setattr(Template, "_render", lambda template, context: template.nodelist.render(context))
    print(f"\n{PRODUCTS} products")
    ratios = [
        _page(title, client, path)
        for title, client, path in [
            ("home, member", member, "/"),
            ("list, member", member, "/shop/"),
            ("room, member", member, "/shop/c/trees/"),
            ("product, member", member, "/shop/p5000/"),
            ("search, member", member, "/shop/search/?q=yuzu"),
            ("account, member", member, "/account/"),
            ("home, anonymous", Client(), "/"),
            ("list, anonymous", Client(), "/shop/"),
            ("product, anonymous", Client(), "/shop/p5000/"),
            ("search, anonymous", Client(), "/shop/search/?q=lemmon"),
        ]
    ]
    ratios.append(_put_in(member))
    assert all(ratio > 0 for found in ratios for ratio in found.values())
