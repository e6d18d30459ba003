"""Celery workers that are of use within a second: `python -m config.workers`.

To import Django, Celery and the shop takes seconds. One process does it once and forks the workers, so a worker that
takes another's place begins with its sweeps at once, and all of them share the memory of what was imported.
"""

import argparse
import contextlib
import gc
import importlib
import logging
import os
import signal
import time
from types import FrameType

from celery.utils.nodenames import host_format

from config.celery import app
from config.embedded.process import die_with_parent

# What would be imported only when a worker starts, and when it writes its first letter.
_NEEDED = (
    "billiard.pool",
    "celery.apps.worker",
    "celery.app.amqp",
    "celery.app.control",
    "celery.app.events",
    "celery.app.log",
    "celery.app.routes",
    "celery.concurrency.thread",
    "celery.events.dispatcher",
    "celery.events.receiver",
    "celery.worker.autoscale",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.worker.consumer.delayed_delivery",
    "celery.worker.strategy",
    "config.urls",
    "kombu.pidbox",
    "kombu.transport.redis",
    "stripe._stripe_client",
)
_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
# A worker that ends sooner than this has something wrong with it, and the next one would too.
_WELL_SECONDS = 1.0
_PAUSE_SECONDS = 2.0

_log = logging.getLogger(__name__)


class Workers:
    """Keeps so many workers running, until it is told to stop; then it lets them finish what they have begun."""

    def __init__(self, *, processes: int, threads: int) -> None:
        self._processes = processes
        self._threads = threads
        self._running: dict[int, tuple[int, float]] = {}
        self._stopping = False

    def run(self) -> None:
        """Start the workers and stay until all have ended. SIGTERM and SIGINT end them in order, SIGQUIT at once."""
        for number in _STOP:
            signal.signal(number, self._pass_on)
        for place in range(self._processes):
            self._start(place)
        while self._running:
            pid, status = os.wait()
            place, began = self._running.pop(pid)
            if self._stopping:
                continue
            _log.warning("Worker %s ended with %s; another takes its place", place, os.waitstatus_to_exitcode(status))
            if time.monotonic() - began < _WELL_SECONDS:
                time.sleep(_PAUSE_SECONDS)
            self._start(place)

    def _start(self, place: int) -> None:
        # A signal between the fork and the note of it would miss the new worker.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
        if not self._stopping:
            pid = os.fork()
            if pid == 0:
                _work(place, threads=self._threads)
            self._running[pid] = place, time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP)

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        for pid in self._running:
            with contextlib.suppress(ProcessLookupError):  # it has ended, and `run` is about to hear of it
                os.kill(pid, number)


def load() -> None:
    """Import all that a worker needs, and keep it out of the garbage collector's sight, so that forks share it."""
    # `make check` and the web server have checked the shop; here it would take as long as all the rest.
    os.environ.setdefault("CELERY_SKIP_CHECKS", "true")
    app.loader.import_default_modules()
    app.finalize()
    for name in _NEEDED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _work(place: int, *, threads: int) -> None:
    """Be a worker, in the process just forked, to its end."""
    # Of its own session: Ctrl-C in the terminal reaches the first process, and the workers through it, once.
    os.setsid()
    die_with_parent(signal.SIGTERM)
    for number in _STOP:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP)
    worker = app.Worker(
        # Two that fork workers on one host give them different names.
        hostname=host_format(f"worker-{os.getppid()}-{place}@%h"),
        pool_cls="threads",
        concurrency=threads,
        loglevel="INFO",
        # Workers have nothing to tell each other.
        without_mingle=True,
        without_gossip=True,
    )
    worker.start()
    os._exit(worker.exitcode or 0)


def main() -> None:
    """Run workers until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m config.workers", description=main.__doc__)
    parser.add_argument("--processes", type=int, default=1, help="how many workers")
    parser.add_argument("--threads", type=int, default=4, help="what each of them does at a time")
    options = parser.parse_args()
    load()
    Workers(processes=options.processes, threads=options.threads).run()


if __name__ == "__main__":
    main()
