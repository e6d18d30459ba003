"""Prices and products: the shop keeps its own, so these lists are empty."""

from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.listing import wrap
from apps.billing.sandbox.params import LISTING, boolean, optional_text
from apps.billing.sandbox.routing import route

FILTERS = {**LISTING, "active": boolean, "product": optional_text, "type": optional_text, "currency": optional_text}


@route("GET", "/v1/prices", FILTERS)
def prices(call: Call) -> Row:
    """No prices."""
    return wrap([], url=call.path)


@route("GET", "/v1/products", FILTERS)
def products(call: Call) -> Row:
    """No products."""
    return wrap([], url=call.path)
