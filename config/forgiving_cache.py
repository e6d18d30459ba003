"""A cache that may be gone: pages are made anew then, and nobody sees an error."""

import logging
import pickle
import zlib
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class Compressed:
    """Pages as they are kept, in about a quarter of the room."""

    def dumps(self, value: Any) -> bytes:
        return zlib.compress(pickle.dumps(value, pickle.HIGHEST_PROTOCOL), level=1)

    def loads(self, data: bytes) -> Any:
        return pickle.loads(zlib.decompress(data))  # noqa: S301 - the shop alone writes to its cache


class ForgivingCache(RedisCache):
    """Valkey as a cache of what can be made again. Where it does not answer, nothing is found and nothing is kept."""

    def validate_key(self, key: Any) -> None:
        """Any key will do for Valkey; what is asked here is whether Memcached would take it, letter by letter."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError as problem:
            log.warning("Nothing read from the cache: %s", problem)
            return default

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        try:
            return super().get_many(keys, version)
        except RedisError as problem:
            log.warning("Nothing read from the cache: %s", problem)
            return {}

    def set(self, key: Any, value: Any, timeout: Any = 60, version: int | None = None) -> None:
        try:
            super().set(key, value, timeout, version)
        except RedisError as problem:
            log.warning("Nothing kept in the cache: %s", problem)

    def set_many(self, data: Any, timeout: Any = 60, version: int | None = None) -> list[Any]:
        try:
            return super().set_many(data, timeout, version)
        except RedisError as problem:
            log.warning("Nothing kept in the cache: %s", problem)
            return []
