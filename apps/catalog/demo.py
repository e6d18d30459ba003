"""The demo shop's catalogue: six rooms, trees and what they need, and guides to read."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path

from django.db import transaction

from .models import Category, Guide, Kind, Product, ProductPrice, ProductStatus

_DATA = Path(__file__).parent / "demo_data"
_SHELVES = ("trees", "care", "services", "guides")


@transaction.atomic
def build(*, now: datetime) -> None:
    """Put the demo's categories, products, prices and guides in the shop.

    Safe to repeat: what is there stays as it is, edits by staff included. The catalogue has no dates: `now` is
    taken because every part of the demo is built alike.
    """
    categories = {row["slug"]: _category(row, position) for position, row in enumerate(_read("categories")["category"])}
    rows = [row for shelf in _SHELVES for row in _read(shelf)["product"]]
    products = {row["slug"]: _product(row, categories, position) for position, row in enumerate(rows)}
    for row in rows:
        product, made = products[row["slug"]]
        if made and "companion" in row:
            product.companion = products[row["companion"]][0]
            product.save(update_fields=["companion"])


def _read(name: str) -> dict:
    return tomllib.loads((_DATA / f"{name}.toml").read_text())


def _category(row: dict, position: int) -> Category:
    defaults = {"name": row["name"], "summary": row["summary"], "position": position}
    return Category.objects.get_or_create(slug=row["slug"], defaults=defaults)[0]


def _product(row: dict, categories: dict[str, Category], position: int) -> tuple[Product, bool]:
    """The product of a row with its prices and its guide, and whether it is new."""
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
            "picture": f"art/products/{row['slug']}.svg",
            "status": ProductStatus.PUBLISHED,
            "member_min_rank": row.get("open_from"),
            "partner_name": row.get("partner", ""),
            "is_featured": row.get("featured", False),
            "position": position,
        },
    )
    if made:
        _prices(product, row.get("price", {}))
    if made and product.is_guide:
        Guide.objects.create(product=product, body=(_DATA / "guides" / f"{product.slug}.md").read_text())
    return product, made


def _prices(product: Product, prices: dict[str, list[int]]) -> None:
    ProductPrice.objects.bulk_create(
        ProductPrice(product=product, currency=currency, amount_minor=amount, member_amount_minor=member_amount)
        for currency, (amount, member_amount) in prices.items()
    )
