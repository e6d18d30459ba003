"""The payment gateway in force.

`gateway.get()` gives the adapter named by settings.PAYMENT_GATEWAY, one for the whole process, shared by its threads.
`gateway.using(adapter)` puts another in its place for the current context: rehearsals and simulations run the real
engine on an adapter that never touches a network.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .books import (
    ChargeRecord,
    DisputeRecord,
    Page,
    RefundRecord,
    Standing,
)
from .port import (
    Cancelled,
    CancelResult,
    CardDetails,
    ChargeRequest,
    ChargeResult,
    Declined,
    DisputeDetails,
    FindResult,
    Gateway,
    GatewayError,
    GatewayMisconfigured,
    GatewayRefused,
    GatewayUnavailable,
    Movement,
    NeedsAction,
    NotFound,
    Refunded,
    RefundFailed,
    RefundResult,
    Setup,
    SetupStarted,
    Succeeded,
    Throttled,
    Unknown,
)

__all__ = [
    "CancelResult",
    "Cancelled",
    "CardDetails",
    "ChargeRecord",
    "ChargeRequest",
    "ChargeResult",
    "Declined",
    "DisputeDetails",
    "DisputeRecord",
    "FindResult",
    "Gateway",
    "GatewayError",
    "GatewayMisconfigured",
    "GatewayRefused",
    "GatewayUnavailable",
    "Movement",
    "NeedsAction",
    "NotFound",
    "Page",
    "RefundFailed",
    "RefundRecord",
    "RefundResult",
    "Refunded",
    "Setup",
    "SetupStarted",
    "Standing",
    "Succeeded",
    "Throttled",
    "Unknown",
    "get",
    "using",
]

_in_place: ContextVar[Gateway | None] = ContextVar("payment_gateway", default=None)


def get() -> Gateway:
    """The adapter of the current context, else the one of the settings.

    A new thread starts with an empty context: read the adapter before handing work to a pool and pass it on.
    """
    return _in_place.get() or _configured(
        settings.PAYMENT_GATEWAY,
        settings.STRIPE_SECRET_KEY,
        settings.STRIPE_API_BASE,
        settings.STRIPE_API_VERSION,
        settings.GATEWAY_TIMEOUT_SECONDS,
        settings.GATEWAY_REQUESTS_PER_SECOND,
        settings.REDIS_URL,
    )


@contextmanager
def using(adapter: Gateway) -> Generator[Gateway]:
    """Use `adapter` in this context (this thread and what copies its context) until the block ends."""
    token = _in_place.set(adapter)
    try:
        yield adapter
    finally:
        _in_place.reset(token)


@lru_cache(maxsize=4)
def _configured(
    name: str, api_key: str, api_base: str, api_version: str, timeout: int, per_second: int, redis_url: str
) -> Gateway:
    """One adapter per set of settings, because its connection pool is worth sharing."""
    if name == "stripe":
        from .pace import Pace
        from .stripe import StripeGateway

        return StripeGateway(
            api_key=api_key,
            api_base=api_base,
            api_version=api_version,
            timeout=timeout,
            pace=Pace(redis_url, per_second=per_second),
        )
    if name == "rehearsal":
        from .rehearsal import Rehearsal

        return Rehearsal(known_only=False)
    raise ImproperlyConfigured(f'PAYMENT_GATEWAY is "stripe" or "rehearsal", not "{name}".')
