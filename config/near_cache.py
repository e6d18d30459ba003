"""A cache in the memory of a process, of things that nobody changes: they are given back as they are."""

import time
from collections import OrderedDict
from threading import Lock
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache


class _Kept:
    """What all threads of the process share."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.found: OrderedDict[str, tuple[Any, float | None]] = OrderedDict()


_kept: dict[str, _Kept] = {}


class NearCache(BaseCache):
    """Django's own cache in memory writes all that it keeps into bytes and back, which takes longer than what a page
    asks it for. This one forgets what nobody has asked for longest, beyond MAX_ENTRIES."""

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._kept = _kept.setdefault(name, _Kept())

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        key = self.make_key(key, version)
        with self._kept.lock:
            value, expires = self._kept.found.get(key, (default, None))
            if expires is not None and expires <= time.time():
                del self._kept.found[key]
                return default
            if key in self._kept.found:
                self._kept.found.move_to_end(key)
            return value

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        key = self.make_key(key, version)
        with self._kept.lock:
            self._kept.found[key] = (value, self.get_backend_timeout(timeout))
            self._kept.found.move_to_end(key)
            while len(self._kept.found) > self._max_entries:
                self._kept.found.popitem(last=False)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        if self.has_key(key, version):
            return False
        self.set(key, value, timeout, version)
        return True

    def delete(self, key: Any, version: int | None = None) -> bool:
        with self._kept.lock:
            return self._kept.found.pop(self.make_key(key, version), None) is not None

    def clear(self) -> None:
        with self._kept.lock:
            self._kept.found.clear()
