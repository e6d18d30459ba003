"""How a person or a machine tells us to stop, other than by Ctrl-C."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(KeyboardInterrupt):
    """We were asked to stop by SIGTERM or SIGHUP. Passes through the same doors as Ctrl-C."""


@contextmanager
def by_signals() -> Iterator[None]:
    """Turn the first SIGTERM or SIGHUP into Stopped, so that `with` blocks and `finally` run; ignore those after it.

    A closed terminal and a killed make both send several. A second Ctrl-C still ends us at once.
    """
    # nohup makes us ignore SIGHUP, and it stays so.
    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]

    def ignore(number: int, frame: FrameType | None) -> None:
        """Not SIG_IGN: Python complains about a signal that was on its way when that was set."""

    def raise_stopped(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, ignore)
        raise Stopped(signal.Signals(number).name)

    before = {number: signal.signal(number, raise_stopped) for number in numbers}
    try:
        yield
    finally:
        for number in numbers:
            if signal.getsignal(number) is raise_stopped:  # else we are on our way out, and the services come after us
                signal.signal(number, before[number])


def terminal_watch() -> Callable[[], bool]:
    """A question that tells whether the terminal we were started in has gone. Always no without one, and under nohup.

    SIGHUP does not always say so: when make leads the session, as in `ssh -t host make demo`, make alone gets it.
    """
    if not os.isatty(0) or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return lambda: False
    terminal = select.poll()
    terminal.register(0, 0)  # reports a hang-up and nothing else
    return lambda: bool(terminal.poll(0))
