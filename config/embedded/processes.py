"""A small supervisor for the demo: the web server, the worker and the clock as children that never outlive us."""

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from config.embedded import process, stopping
from config.embedded.errors import EmbeddedError
from config.embedded.process import Child

type Health = str | Callable[[], bool]
type Say = Callable[[str], object]

_LOOK_SECONDS = 0.2
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
# A process that ran this long was well: its next death starts again from the first pause.
_WELL_SECONDS = 60.0


@dataclass
class _Member:
    """One supervised process: how it is started, and how it fares."""

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str] | None
    cwd: Path | None
    restart: bool
    child: Child
    started: float
    pause: float = _FIRST_PAUSE_SECONDS
    due: float | None = None  # when it is started again, while it is down


class Supervisor:
    """Starts processes in order, restarts the dead ones, stops all in reverse order. A context manager.

    Each writes to `logs/NAME.log`. When we are killed, the kernel kills them: a process that must clean up after itself
    does not belong here, for PostgreSQL holds all truth. All calls come from the main thread.
    """

    def __init__(self, logs: Path, *, say: Say | None = None) -> None:
        self._logs = logs
        self._say = say or (lambda sentence: print(sentence, file=sys.stderr, flush=True))  # noqa: T201
        self._members: list[_Member] = []
        self._signals = stopping.by_signals()
        self._terminal_is_gone = stopping.terminal_watch()

    def __enter__(self) -> Self:
        self._signals.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self.stop()
        finally:
            self._signals.__exit__(kind, error, tb)

    def spawn(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        healthy: Health | None = None,
        healthy_seconds: float = 60,
        restart: bool = True,
    ) -> None:
        """Start a process and, if `healthy` is given, wait until it is well.

        `healthy` is a URL that must answer with a status below 500, or a callable. `env` and `cwd` are ours by default.
        Raises EmbeddedError with the end of its log when it dies first or is not well in time.
        """
        if any(member.name == name for member in self._members):
            raise EmbeddedError(f"There is a process named {name} already.")
        process.stop_leftover(self._record(name))
        member = _Member(
            name=name,
            argv=argv,
            env=env,
            cwd=cwd or Path.cwd(),
            restart=restart,
            child=self._launch(name, argv, env=env, cwd=cwd or Path.cwd()),
            started=time.monotonic(),
        )
        self._members.append(member)
        if healthy is not None:
            process.wait_until(member.child, _probe(healthy), seconds=healthy_seconds)

    def pids(self) -> dict[str, int]:
        """The pid of each process that runs now."""
        return {member.name: member.child.pid for member in self._members if member.child.is_running()}

    def wait(self) -> None:
        """Watch the processes until Ctrl-C, SIGTERM, SIGHUP or the end of the terminal. `__exit__` then stops them.

        A dead process is reported with the end of its log and started again after a pause that doubles up to 30 s.
        Raises EmbeddedError when one that must not be restarted dies.
        """
        try:
            while not self._terminal_is_gone():
                for member in self._members:
                    self._look_after(member)
                time.sleep(_LOOK_SECONDS)
        except KeyboardInterrupt:
            return

    def stop(self) -> None:
        """Stop all processes, the last started first. Safe to repeat."""
        while self._members:
            process.stop(self._members[-1].child)
            self._members.pop()

    def _look_after(self, member: _Member) -> None:
        now = time.monotonic()
        if member.due is not None:
            if now >= member.due:
                member.due = None
                member.child = self._launch(member.name, member.argv, env=member.env, cwd=member.cwd)
                member.started = now
            return
        if member.child.is_running():
            return
        death = member.child.death()
        process.stop(member.child)  # what it leaves of its session
        if not member.restart:
            raise death
        if now - member.started >= _WELL_SECONDS:
            member.pause = _FIRST_PAUSE_SECONDS
        self._say(f"{death}\nStarting {member.name} again in {member.pause:g} s.")
        member.due = now + member.pause
        member.pause = min(member.pause * 2, _LONGEST_PAUSE_SECONDS)

    def _launch(
        self, name: str, argv: Sequence[str | Path], *, env: Mapping[str, str] | None, cwd: Path | None
    ) -> Child:
        return process.launch(name, argv, log=self._logs / f"{name}.log", record=self._record(name), env=env, cwd=cwd)

    def _record(self, name: str) -> Path:
        return self._logs.parent / "run" / f"{name}.pid"


def _probe(healthy: Health) -> Callable[[], bool]:
    if not isinstance(healthy, str):
        return healthy
    url = healthy

    def answers() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own address
                return bool(response.status < 500)
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            return False

    return answers
