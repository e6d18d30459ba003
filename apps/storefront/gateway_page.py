"""Pages with the payment gateway's own fields: their security policy and their context."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse
from django.views.decorators.csp import csp_override

_policy = cast(dict[str, list[str]], settings.SECURE_CSP)
_origin = "{0.scheme}://{0.netloc}".format(urlsplit(settings.STRIPE_JS_URL))
_api = "{0.scheme}://{0.netloc}".format(urlsplit(settings.STRIPE_API_BASE))
# What Stripe asks for: its script, its frames (card fields and bank confirmation) and its API.
_FRAMES = [_origin] if settings.STRIPE_SANDBOX else [_origin, "https://*.js.stripe.com", "https://hooks.stripe.com"]
POLICY = {
    **_policy,
    "script-src": [*_policy["script-src"], _origin],
    "frame-src": _FRAMES,
    "connect-src": [*_policy["connect-src"], _api],
}

with_card_fields = csp_override(POLICY)


WAY_BACK_SALT = "storefront.way-back"


def way_back(path: str) -> str:
    """The address to which a bank's own page returns, to go on at `path`.

    Signed, because the page it opens posts to `path` by itself: nobody else may choose where to.
    """
    return f"{reverse('card_return')}?to={signing.dumps(path, salt=WAY_BACK_SALT)}"


def read_way_back(signed: str) -> str | None:
    """The path of a `way_back`; None when it is not ours."""
    try:
        return signing.loads(signed, salt=WAY_BACK_SALT)
    except signing.BadSignature:
        return None


def context(request: HttpRequest, *, mode: str, client_secret: str, path: str) -> dict:
    """What `components/card_form.html` needs. `mode` is "setup" or "payment"; `path` is the page that goes on."""
    return {
        "mode": mode,
        "client_secret": client_secret,
        "return_url": request.build_absolute_uri(way_back(path)),
        "stripe_key": settings.STRIPE_PUBLISHABLE_KEY,
        "stripe_js_url": settings.STRIPE_JS_URL,
    }
