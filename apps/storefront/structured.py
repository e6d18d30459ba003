"""What search engines read of a page (schema.org, as JSON-LD), and the picture that social networks show."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.conf import settings
from django.templatetags.static import static

from apps.catalog.models import Offered, Product
from apps.core.money import Money, exponent

from .boxes import OfferedBox

_AVAILABLE, _SOLD_OUT = "https://schema.org/InStock", "https://schema.org/OutOfStock"
# The codes of UN/CEFACT.
_UNITS = {"week": "WEE", "month": "MON", "year": "ANN"}
# Social networks show no drawings.
SOCIAL_PICTURE = "art/social.png"


def address(path: str) -> str:
    """The full address of a path, or of a file that is elsewhere anyway."""
    return path if path.startswith(("http://", "https://")) else f"{settings.SITE_URL}{path}"


def picture(product: Product | None = None) -> str:
    """The full address of the product's cover, or of the shop's own picture."""
    if product is not None and product.cover is not None:
        return address(product.cover.file.url)
    return address(static(SOCIAL_PICTURE))


def product(shown: Product, variants: Sequence[Offered]) -> dict:
    """schema.org/Product with an offer for each variant at the price for everybody."""
    data: dict = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": shown.name_i18n,
        "description": shown.summary_i18n,
        "url": address(shown.get_absolute_url()),
        "image": address(shown.cover.file.url if shown.cover else static(shown.drawing)),
        "category": shown.category.name_i18n,
        "brand": {"@type": "Brand", "name": shown.partner_name or settings.SHOP_NAME},
        "offers": [_offer(shown, offered) for offered in variants],
    }
    if shown.review_count:
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": str(shown.rating),
            "reviewCount": shown.review_count,
        }
    return data


def box(offered: OfferedBox) -> dict:
    """schema.org/Product that comes again and again: each rhythm is an offer with the time that its price is for."""
    product = offered.product
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": offered.plan.name_i18n,
        "description": offered.plan.description_i18n or offered.plan.tagline_i18n,
        "url": address(offered.href),
        "image": address(product.cover.file.url if product.cover else static(product.drawing)),
        "brand": {"@type": "Brand", "name": settings.SHOP_NAME},
        "offers": [
            {
                "@type": "Offer",
                "price": _decimal(price.amount),
                "priceCurrency": price.currency,
                "priceSpecification": {
                    "@type": "UnitPriceSpecification",
                    "price": _decimal(price.amount),
                    "priceCurrency": price.currency,
                    "valueAddedTaxIncluded": price.tax_included,
                    "billingDuration": price.interval_count,
                    "referenceQuantity": {
                        "@type": "QuantitativeValue",
                        "value": price.interval_count,
                        "unitCode": _UNITS[price.interval_unit],
                    },
                },
                "availability": _SOLD_OUT if offered.is_sold_out else _AVAILABLE,
                "url": address(offered.href),
            }
            for price in offered.prices
        ],
    }


def guide(shown: Product, *, is_free: bool) -> dict:
    """schema.org/Article; what is for members is marked so, which search engines ask for."""
    return {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": shown.name_i18n,
        "description": shown.summary_i18n,
        "url": address(shown.get_absolute_url()),
        "image": picture(shown),
        "isAccessibleForFree": is_free,
        "publisher": {"@type": "Organization", "name": settings.SHOP_NAME, "url": settings.SITE_URL},
    }


def trail(steps: Sequence[dict]) -> dict:
    """schema.org/BreadcrumbList of a page's trail."""
    return {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": position,
                "name": str(step["label"]),
                **({"item": address(step["href"])} if "href" in step else {}),
            }
            for position, step in enumerate(steps, start=1)
        ],
    }


def _offer(shown: Product, offered: Offered) -> dict:
    return {
        "@type": "Offer",
        "sku": offered.variant.sku,
        "name": f"{shown.name_i18n}, {offered.variant.name_i18n}" if offered.variant.name else shown.name_i18n,
        "price": _decimal(offered.price.amount),
        "priceCurrency": offered.price.currency,
        "availability": _SOLD_OUT if offered.is_sold_out else _AVAILABLE,
        "url": address(shown.get_absolute_url()),
    }


def _decimal(money: Money) -> str:
    return str(Decimal(money.minor).scaleb(-exponent(money.currency)))
