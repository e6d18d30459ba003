"""A catalogue for tests."""

from datetime import UTC, datetime
from itertools import count

from apps.catalog import demo
from apps.catalog import stock as shelves
from apps.catalog.models import (
    BundleChoice,
    BundleSlot,
    Category,
    Guide,
    Kind,
    Product,
    ProductPrice,
    ProductStatus,
    Variant,
)

from .snapshots import Snapshot

STOCKED = datetime(2026, 1, 1, tzinfo=UTC)
_numbers = count(1)
_demo = Snapshot(lambda: demo.build(now=STOCKED))


def stock() -> None:
    """The demo's catalogue."""
    _demo.put()


def category(**changes) -> Category:
    number = next(_numbers)
    return Category.objects.create(**{"slug": f"room-{number}", "name": f"Room {number}", **changes})


def product(
    *, price: int | None = 5000, member_price: int | None = None, left: int | None = None, **changes
) -> Product:
    """A published product, with one variant and its price in euro cents unless `price` is None; `left` of it are in
    stock, which is not counted when None."""
    number = next(_numbers)
    facts = {
        "slug": f"product-{number}",
        "name": f"Product {number}",
        "summary": "A thing of use",
        "picture": "art/products/secateurs.svg",
        "status": ProductStatus.PUBLISHED,
    }
    made = Product.objects.create(**{**facts, "category": changes.pop("category", None) or category(), **changes})
    if price:
        variant(made, price=price, member_price=member_price, left=left)
    return made


def variant(
    product: Product, *, price: int = 5000, member_price: int | None = None, left: int | None = None, **changes
) -> Variant:
    """A variant of a product, with a price in euro cents; `left` of it are in stock, not counted when None."""
    made = Variant.objects.create(product=product, **{"sku": f"SKU-{next(_numbers)}", **changes})
    ProductPrice.objects.create(variant=made, currency="EUR", amount_minor=price, member_amount_minor=member_price)
    if left is not None:
        shelves.correct(made, available=left, key=f"stock:{made.pk}", now=STOCKED)
    return made


def guide(*, body: str = "## Inside\n\nThe whole text.", **changes) -> Product:
    """A published guide with its text; open for all unless `member_min_rank` is given."""
    made = product(price=None, kind=Kind.GUIDE, **changes)
    Guide.objects.create(product=made, body=body)
    return made


def bundle(*slots: tuple[str, int, list[Variant]], **changes) -> Variant:
    """The variant of a bundle with these slots: a name, how many, and what may fill it."""
    made = product(kind=Kind.BUNDLE, **changes)
    for position, (name, quantity, variants) in enumerate(slots):
        slot = BundleSlot.objects.create(product=made, name=name, quantity=quantity, position=position)
        BundleChoice.objects.bulk_create(BundleChoice(slot=slot, variant=variant) for variant in variants)
    return made.variants.select_related("product").get()
