"""The demo shop's catalogue: six rooms, trees and what they need, and guides to read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.text import slugify

from . import demo_translations, stock
from .models import BundleChoice, BundleSlot, Category, Guide, Kind, Product, ProductPrice, ProductStatus, Variant

_DATA = Path(__file__).parent / "demo_data"
_FIRST_DELIVERY = 40
_SHELVES = ("trees", "care", "services", "guides")
# What the boxes take of other shelves, so many of each: they go on for longer than a first delivery lasts.
_FOR_BOXES = 2000
_AFTER_ALL = 100


@transaction.atomic
def build(*, now: datetime) -> None:
    """Put the demo's categories, products, prices and guides in the shop.

    Safe to repeat: what is there stays as it is, edits by staff included. The first deliveries arrive at `now`.
    """
    _put_on_shelves(_SHELVES, first=0, now=now)


@transaction.atomic
def build_boxes(*, now: datetime) -> None:
    """Put the boxes that are sent every month in the shop, with what goes into them. After `build`, and as safe to
    repeat."""
    if _put_on_shelves(("boxes",), first=_AFTER_ALL, now=now):
        others = Variant.objects.filter(
            in_bundles__slot__product__slug="large-seasonal-box", product__category__slug="feed"
        )
        for variant in others:
            stock.receive(variant, quantity=_FOR_BOXES, key="for-boxes", now=now)


def _put_on_shelves(shelves: Iterable[str], *, first: int, now: datetime) -> bool:
    """Make what is missing of these shelves, in places from `first` on; returns whether anything was."""
    categories = {row["slug"]: _category(row, position) for position, row in enumerate(_read("categories")["category"])}
    rows = [row for shelf in shelves for row in _read(shelf)["product"]]
    products = {
        row["slug"]: _product(row, categories, position, now=now) for position, row in enumerate(rows, start=first)
    }
    for row in rows:
        product, made = products[row["slug"]]
        if made and "companion" in row:
            product.companion = Product.objects.get(slug=row["companion"])
            product.save(update_fields=["companion"])
        if made:
            _fill(product, row.get("slot", []))
    return any(made for _product, made in products.values())


def _read(name: str) -> dict:
    return tomllib.loads((_DATA / f"{name}.toml").read_text())


def _category(row: dict, position: int) -> Category:
    texts = {"name": row["name"], "summary": row["summary"], "i18n": demo_translations.category(row["slug"])}
    defaults = {**texts, "position": position}
    return Category.objects.get_or_create(slug=row["slug"], defaults=defaults)[0]


def _product(row: dict, categories: dict[str, Category], position: int, *, now: datetime) -> tuple[Product, bool]:
    """The product of a row with its variants and its guide, and whether it is new."""
    product, made = Product.objects.get_or_create(
        slug=row["slug"],
        defaults={
            "name": row["name"],
            "kind": row.get("kind", Kind.PHYSICAL),
            "category": categories[row["category"]],
            "summary": row["summary"],
            "description": row["description"].strip(),
            "facts_text": row.get("facts", "").strip(),
            "keywords": row.get("keywords", ""),
            "i18n": demo_translations.product(row["slug"]),
            "picture": f"art/products/{row['slug']}.svg",
            "status": ProductStatus.PUBLISHED,
            "member_min_rank": row.get("open_from"),
            "partner_name": row.get("partner", ""),
            "is_featured": row.get("featured", False),
            "position": position,
        },
    )
    if made:
        for number, variant in enumerate(_variants(row)):
            _variant(product, variant, position=number, now=now)
    if made and product.is_guide:
        body = (_DATA / "guides" / f"{product.slug}.md").read_text()
        Guide.objects.create(
            product=product,
            body=body,
            i18n=demo_translations.guide(product.slug),
            available_after_days=row.get("after_days", 0),
        )
    return product, made


def _variants(row: dict) -> list[dict]:
    """The variants of a product's row; the row itself is its only one where it has prices of its own."""
    return row.get("variant", []) or ([row] if "price" in row else [])


def _variant(product: Product, row: dict, *, position: int, now: datetime) -> None:
    own_name = row["name"] if row.get("name") != product.name else ""
    made = Variant.objects.create(
        product=product,
        sku="-".join(part for part in (product.slug, slugify(own_name)) if part).upper(),
        name=own_name,
        i18n=demo_translations.variant(product.slug, own_name),
        weight_grams=row.get("weight", 0),
        position=position,
    )
    ProductPrice.objects.bulk_create(
        ProductPrice(
            product=product,
            variant=made,
            currency=currency,
            amount_minor=amount,
            member_amount_minor=member_amount,
        )
        for currency, (amount, member_amount) in row["price"].items()
    )
    if product.is_shipped and product.kind != Kind.BUNDLE:
        _stock(made, pieces=row.get("stock", _FIRST_DELIVERY), now=now)


def _fill(bundle: Product, rows: list[dict]) -> None:
    """What is in a bundle, by article numbers."""
    for position, row in enumerate(rows):
        slot = BundleSlot.objects.create(
            product=bundle,
            name=row["name"],
            i18n=demo_translations.slot(bundle.slug, row["name"]),
            quantity=row.get("pieces", 1),
            position=position,
        )
        variants = Variant.objects.in_bulk(row["of"], field_name="sku")
        BundleChoice.objects.bulk_create(
            BundleChoice(slot=slot, variant=variants[sku], position=number) for number, sku in enumerate(row["of"])
        )


def _stock(variant: Variant, *, pieces: int, now: datetime) -> None:
    if pieces:
        stock.receive(variant, quantity=pieces, key="first-delivery", now=now)
    else:
        stock.correct(variant, available=0, key="first-count", now=now)
