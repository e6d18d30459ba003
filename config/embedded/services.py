"""PostgreSQL, Valkey and the Stripe sandbox over one data folder."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from config.embedded import postgres, process, valkey
from config.embedded import sandbox as stripe_sandbox
from config.embedded.errors import DataInUse
from config.embedded.lock import Lock

# More runs than this at once in one clone are refused.
_OVERLAPPING = 16

type Progress = Callable[[str], object]


@dataclass
class Services:
    """The running services. Use as a context manager; `stop` may be called more than once."""

    data: Path
    database_url: str
    redis_url: str
    stripe_url: str | None
    _stack: ExitStack = field(repr=False)

    def environ(self) -> dict[str, str]:
        """The variables by which the settings find these services."""
        found = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}
        return found | {"STRIPE_API_BASE": self.stripe_url} if self.stripe_url else found

    def stop(self) -> None:
        """Stop what was started, last first, and free the data folder."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


def start(data: Path, *, durable: bool, sandbox: bool = True, progress: Progress | None = None) -> Services:
    """Start the services over `data`, a folder that is made when missing, and wait until they answer.

    `durable=False` is for tests: PostgreSQL skips fsync and the sandbox forgets its last state. `progress` is called
    with a sentence before each step. Must be called from the main thread. Raises DataInUse when another process holds
    the folder and EmbeddedError when a service does not start; nothing is left running then.
    """
    process.require_linux()
    if "MAKELEVEL" in os.environ:  # make, killed with SIGKILL, would leave its recipe running
        process.die_with_parent()
    data = data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    say = progress or (lambda sentence: None)
    with ExitStack() as stack:
        stack.enter_context(Lock(data))
        _set_aside(data / "logs")
        say("Starting PostgreSQL" if (data / "password").exists() else "Creating the database, once")
        database_url = stack.enter_context(postgres.running(data, durable=durable))
        say("Starting Valkey")
        redis_url = stack.enter_context(valkey.running(data))
        stripe_url = None
        if sandbox:
            say("Starting the Stripe sandbox")
            stripe_url = stack.enter_context(stripe_sandbox.running(data, keep=durable))
        return Services(data, database_url, redis_url, stripe_url, stack.pop_all())


def start_beside(data: Path, *, durable: bool) -> Services:
    """Start over `data`, or over `data`-2, `data`-3... when others hold it: for runs that may overlap in one clone."""
    for place in (data, *(data.with_name(f"{data.name}-{number}") for number in range(2, _OVERLAPPING))):
        try:
            return start(place, durable=durable)
        except DataInUse:
            continue
    return start(data.with_name(f"{data.name}-{_OVERLAPPING}"), durable=durable)


def _set_aside(logs: Path) -> None:
    """Keep the logs of the last run and no older ones."""
    if logs.is_dir():
        older = logs.with_name("logs.previous")
        for path in older.glob("*"):
            path.unlink()
        older.mkdir(exist_ok=True)
        logs.rename(older)
