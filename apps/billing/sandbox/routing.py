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
    """What answers a request. ``public`` endpoints also take a publishable key together with a client secret."""

    handler: Handler
    schema: Schema
    public: bool


ROUTES: dict[str, Any] = {}
ANY = ":"


def route(
    method: str, path: str, schema: Schema | None = None, *, public: bool = False
) -> Callable[[Handler], Handler]:
    """Registers the decorated function. ``:id`` in the path stands for any one segment."""
    known: Schema = {**(schema or {}), "expand": array(text)}
    if public:
        known |= {"key": text, "client_secret": text}

    def register(handler: Handler) -> Handler:
        node = ROUTES
        for segment in path.strip("/").split("/"):
            node = node.setdefault(ANY if segment.startswith(ANY) else segment, {})
        node[method + "/"] = Endpoint(handler, known, public)
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
