"""A cache that may be gone: pages are made anew then, and nobody sees an error."""

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class ForgivingCache(RedisCache):
    """Valkey as a cache of what can be made again. Where it does not answer, nothing is found and nothing is kept."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError as problem:
            log.warning("Nothing read from the cache: %s", problem)
            return default

    def set(self, key: Any, value: Any, timeout: Any = 60, version: int | None = None) -> None:
        try:
            super().set(key, value, timeout, version)
        except RedisError as problem:
            log.warning("Nothing kept in the cache: %s", problem)
