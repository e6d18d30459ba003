"""Maps a method and a path under /v1 to an endpoint, without trying them one after another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .params import Schema, array, text

if TYPE_CHECKING:
    from .call import Call

Handler = Callable[["Call"], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers a request: with an object of this kind, or with a list of them when ``listed``.

    ``public`` endpoints also take a publishable key together with a client secret.
    """

    handler: Handler
    schema: Schema
    public: bool
    kind: str | None
    listed: bool


ROUTES: dict[str, Any] = {}
ANY = ":"
KINDS = {
    "balance_transactions": "balance_transaction",
    "charges": "charge",
    "customers": "customer",
    "disputes": "dispute",
    "events": "event",
    "payment_intents": "payment_intent",
    "payment_methods": "payment_method",
    "refunds": "refund",
    "setup_intents": "setup_intent",
    "webhook_endpoints": "webhook_endpoint",
}


def route(
    method: str, path: str, schema: Schema | None = None, *, public: bool = False
) -> Callable[[Handler], Handler]:
    """Registers the decorated function. ``:id`` in the path stands for any one segment."""
    known: Schema = {**(schema or {}), "expand": array(text)}
    if public:
        known = {**known, "key": text, "client_secret": text}

    def register(handler: Handler) -> Handler:
        node = ROUTES
        segments = path.strip("/").split("/")
        for segment in segments:
            node = node.setdefault(ANY if segment.startswith(ANY) else segment, {})
        kind = next((KINDS[segment] for segment in reversed(segments) if segment in KINDS), None)
        listed = method == "GET" and (segments[-1] in KINDS or segments[-1] == "search")
        node[method + "/"] = Endpoint(handler, known, public, kind, listed)
        return handler

    return register


def match(method: str, path: str) -> tuple[Endpoint, list[str]] | None:
    """The endpoint and the identifiers found in the path; None if there is none."""
    node = ROUTES
    found: list[str] = []
    for segment in path.strip("/").split("/"):
        following = node.get(segment)
        if following is None or isinstance(following, Endpoint):
            following = node.get(ANY)
            found.append(segment)
        if following is None:
            return None
        node = following
    endpoint = node.get(method + "/")
    return (endpoint, found) if endpoint else None
