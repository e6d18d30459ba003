"""Requests a second of the shop's pages among 10,000 products, beside a bare Django view of equal size.

    make bench T=tests/benchmarks/bench_pages.py

Over HTTP: one process of the web server that the shop runs on, asked over two connections that stay open. The bare
view has three indexed queries and puts out as many bytes; a stored page puts out the same bytes and asks nobody. All
are asked for in turns from the same process, so that what else the machine does slows all of them. Printed: requests a
second, the 99th percentile, and the ratios. The pages are warm: they are asked for once before, but for the new lists
and products, which nobody has looked at. "Any" are those 960 once more, in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import repeat
from random import Random
from statistics import quantiles

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal
from apps.catalog.models import Category, Product, ProductPrice, Stock, Variant
from apps.core import clock
from apps.storefront.shelf import PAGE_SIZE
from tests import stack as stacks
from tests.benchmarks import visitors
from tests.factories import catalog, memberships
from tests.storefront.pages import signed_in

PRODUCTS = 10_000
ROUNDS, EACH = 12, 40
_MEMBERS = {"member_amount_minor": 900}
_NAMES = ("Lemon", "Orange", "Lime", "Yuzu", "Citron", "Mandarin", "Pomelo", "Kumquat")


def _fill() -> None:
    catalog.stock()
    rooms = list(Category.objects.order_by("pk"))
    Product.objects.bulk_create(
        Product(
            slug=f"p{number}", name=f"{_NAMES[number % 8]} thing {number}", kind="physical",
            category=rooms[number % len(rooms)], summary="A thing of use in every garden",
            description=f"It is **good**, and so is {number}. " * 12, status="published", position=number,
            picture="art/products/secateurs.svg",
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
    # As the database does by itself after a minute.
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _measure(
    title: str, site: str, requests: Iterator[visitors.Request], *, size: int, cookies: Mapping[str, str]
) -> dict[str, float]:
    """The ratios of what is asked for to the bare view and to the stored page, of `size` bytes."""
    bare = visitors.Request.make(site, f"/bare/{size}/", cookies=cookies)
    stored = visitors.Request.make(site, f"/stored/{size}/", cookies=cookies)
    asked = {"ours": requests, "bare": repeat(bare), "stored": repeat(stored)}
    assert abs(len(visitors.answer(site, bare)) - size) < size * 0.15
    taken: dict[str, list[visitors.Taken]] = {name: [] for name in asked}
    for _round in range(ROUNDS):
        for name, one in asked.items():
            taken[name].append(visitors.ask(site, one, times=EACH))
    elapsed = {name: sum(each.elapsed for each in found) for name, found in taken.items()}
    said = "   ".join(
        f"{name} {ROUNDS * EACH * visitors.CONNECTIONS / elapsed[name]:5.0f}/s"
        f" p99 {quantiles([seconds for each in found for seconds in each.each], n=100)[98] * 1000:5.1f} ms"
        for name, found in taken.items()
    )
    ratios = {name: elapsed[name] / elapsed["ours"] for name in ("bare", "stored")}
    print(f"  {title:<20} {size:>6} bytes   {said}   of bare {ratios['bare']:.2f}, of stored {ratios['stored']:.2f}")
    return ratios


def _page(title: str, site: str, path: str, cookies: Mapping[str, str]) -> dict[str, float]:
    request = visitors.Request.make(site, path, cookies=cookies)
    return _measure(title, site, repeat(request), size=len(visitors.answer(site, request)), cookies=cookies)


def _looks(title: str, site: str, paths: Sequence[str], cookies: Mapping[str, str]) -> Iterator[dict[str, float]]:
    """A page each time that nobody has looked at before, so that it has to be made; and then the same pages once more,
    in any order, as somebody sees them who has the same plan and comes later."""
    pages = [visitors.Request.make(site, path, cookies=cookies) for path in paths]
    size = len(visitors.answer(site, pages.pop()))
    pages = pages[: ROUNDS * EACH * visitors.CONNECTIONS]
    yield _measure(f"new {title}", site, iter(pages), size=size, cookies=cookies)
    Random(1).shuffle(pages)
    yield _measure(f"any {title}", site, iter(pages), size=size, cookies=cookies)


def _shelves() -> Iterator[str]:
    """The pages of all goods but the first, in two orders, and those of each room."""
    for page in range(2, PRODUCTS // PAGE_SIZE):
        yield f"/shop/?page={page}"
        yield f"/shop/?sort=newest&page={page}"
    for room in Category.objects.order_by("pk"):
        yield from (f"{room.get_absolute_url()}?page={page}" for page in range(2, PRODUCTS // 10 // PAGE_SIZE))


def _put_in(site: str, cookies: Mapping[str, str]) -> dict[str, float]:
    """A piece into the basket: what a click costs until the customer is sent on to the basket."""
    token = "a" * 32
    form = {
        "variant": str(Variant.objects.get(product__slug="p5000").pk),
        "quantity": "1",
        "csrfmiddlewaretoken": token,
    }
    cookies = {**cookies, settings.CSRF_COOKIE_NAME: token}
    click = visitors.Request.make(site, reverse("basket_add"), cookies=cookies, form=form, status=302)
    visitors.answer(site, click)
    return _measure("basket add, member", site, repeat(click), size=4000, cookies=cookies)


def _cookies(client: Client) -> dict[str, str]:
    return {name: morsel.value for name, morsel in client.cookies.items()}


def test_pages_among_ten_thousand(own_database):
    _fill()
    memberships.plans()
    with gateways.using(Rehearsal()) as gateway:
        member = _cookies(signed_in(memberships.member(gateway, now=clock.now() - timedelta(days=9)).customer))
    free = _cookies(signed_in(memberships.free_member(now=clock.now() - timedelta(days=9)).customer))
    environ = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.page_settings", "DEMO": "0", "TIME_MACHINE": "0"}
    print(f"\n{PRODUCTS} products")
    with stacks.running(own_database, workers=0, environ=environ) as shop:
        ratios = [
            _page(title, shop.url, path, cookies)
            for title, path, cookies in [
                ("home, member", "/", member),
                ("list, member", "/shop/", member),
                ("room, member", "/shop/c/trees/", member),
                ("product, member", "/shop/p5000/", member),
                ("search, member", "/shop/search/?q=yuzu", member),
                ("account, member", "/account/", member),
                ("list, free plan", "/shop/", free),
                ("product, free plan", "/shop/p5000/", free),
                ("home, anonymous", "/", {}),
                ("list, anonymous", "/shop/", {}),
                ("product, anonymous", "/shop/p5000/", {}),
                ("search, anonymous", "/shop/search/?q=lemmon", {}),
            ]
        ]
        products = [f"/shop/p{number}/" for number in range(1000, 2001)]
        ratios += _looks("list, member", shop.url, list(_shelves()), member)
        ratios += _looks("product, member", shop.url, products, member)
        ratios.append(_put_in(shop.url, member))
    assert all(ratio > 0 for found in ratios for ratio in found.values())
