"""Free ports on the loopback address."""

import socket
from collections.abc import Callable
from contextlib import closing

from config.embedded.errors import DiedEarly

HOST = "127.0.0.1"
_TRIES = 3


def free() -> int:
    """A port that nobody listens on at this instant."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_open(port: int) -> bool:
    """Whether somebody listens on the port."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def start_on_free[T](start: Callable[[int], T]) -> T:
    """Call `start(port)` with a free port, and again with another one if the process dies.

    A port can be taken by somebody else between our look and the bind. Raises DiedEarly after the third death.
    """
    for _ in range(_TRIES - 1):
        try:
            return start(free())
        except DiedEarly:
            continue
    return start(free())
