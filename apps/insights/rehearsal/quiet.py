"""What goes wrong in a rehearsal goes into its report: in the log it would look as if it had really happened."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _NotFrom(logging.Filter):
    def __init__(self, thread: int) -> None:
        super().__init__()
        self._thread = thread

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread or not record.name.startswith("apps.")


@contextmanager
def this_thread() -> Iterator[None]:
    """Keep what our apps log in this thread out of the log until the block ends; other threads go on logging."""
    silence = _NotFrom(threading.get_ident())
    handlers = list(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(silence)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(silence)
