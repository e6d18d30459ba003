"""Requests a second of the list and the product page among 10,000 products, beside a bare Django view.

    make bench T=tests/benchmarks/bench_pages.py

One process, through the whole of Django (middleware, session, policy), without a network: `Client` calls the handler.
The bare view has three indexed queries and puts out as many bytes. Both are measured in turns, so that what else the
machine does slows both. Printed: requests a second, the 99th percentile, and the ratio to the bare view.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import quantiles

import pytest
from django.template import Template
from django.test import Client, override_settings

from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal
from apps.catalog.models import Category, Product, ProductPrice, Stock, Variant
from tests.factories import catalog, memberships
from tests.storefront.pages import signed_in

PRODUCTS = 10_000
ROUNDS, EACH = 12, 25
_MEMBERS = {"member_amount_minor": 900}


def _fill() -> None:
    catalog.stock()
    rooms = list(Category.objects.order_by("pk"))
    Product.objects.bulk_create(
        Product(
            slug=f"p{number}", name=f"Thing {number}", kind="physical", category=rooms[number % len(rooms)],
            summary="A thing of use in every garden", description="It is **good**. " * 20, status="published",
            picture="art/products/secateurs.svg", position=number,
        )
        for number in range(PRODUCTS)
    )  # fmt: skip
    made = list(Product.objects.filter(slug__startswith="p", position__lt=PRODUCTS, name__startswith="Thing"))
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


def _measure(title: str, client: Client, path: str) -> float:
    size = len(client.get(path).content)
    bare = f"/bare/{size}/"
    assert abs(len(client.get(bare).content) - size) < size * 0.15
    ours: list[float] = []
    theirs: list[float] = []
    for _round in range(ROUNDS):
        ours += _times(lambda: client.get(path))
        theirs += _times(lambda: client.get(bare))
    ratio = sum(theirs) / sum(ours)
    figures = [f"{len(t) / sum(t):6.0f}/s p99 {quantiles(t, n=100)[98] * 1000:5.1f} ms" for t in (ours, theirs)]
    print(f"  {title:<22} {size:>6} bytes   {figures[0]}   bare {figures[1]}   ratio {ratio:.2f}")
    return ratio


@override_settings(
    ROOT_URLCONF="tests.benchmarks.bare_page", PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]
)
@pytest.mark.usefixtures("own_database")
def test_list_and_product_among_ten_thousand(now, monkeypatch):
    _fill()
    memberships.plans()
    with gateways.using(Rehearsal()) as gateway:
        member = signed_in(memberships.member(gateway, now=now).customer)
    # pytest has Django note down every template with a copy of its context, which no shop does.
    monkeypatch.setattr(Template, "_render", lambda template, context: template.nodelist.render(context))
    print(f"\n{PRODUCTS} products")
    ratios = {
        title: _measure(title, client, path)
        for title, client, path in [
            ("list, member", member, "/shop/"),
            ("room, member", member, "/shop/c/trees/"),
            ("product, member", member, "/shop/p5000/"),
            ("list, anonymous", Client(), "/shop/"),
            ("product, anonymous", Client(), "/shop/p5000/"),
        ]
    }
    assert all(ratio > 0 for ratio in ratios.values())
