"""The embedded services for a test session, started before Django reads its settings.

Loaded by `-p config.embedded.pytest_plugin`. It does nothing when DATABASE_URL and REDIS_URL name services already.
Under xdist the controller starts PostgreSQL and Valkey, and each worker adds what it must not share: a Valkey database,
a Stripe sandbox and a data folder of its own.
"""

import os
import re
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from config.embedded import chromium, sandbox, services
from config.embedded.errors import EmbeddedError

_stack = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start what is missing. A wrapper, because pytest-django reads the settings in the same hook."""
    early_config.add_cleanup(_stack.close)
    chromium.announce()
    worker = re.fullmatch(r"gw(\d+)", os.environ.get("PYTEST_XDIST_WORKER", ""))
    try:
        if worker:
            _join(int(worker[1]))
        elif not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
            _start()
    except EmbeddedError as error:
        raise pytest.UsageError(str(error)) from error
    return (yield)


def _start() -> None:
    """Start the services; those that the environment names already keep their names.

    With EMBEDDED_DURABLE=1 PostgreSQL writes as it does in production, for benchmarks.
    """
    durable = os.environ.get("EMBEDDED_DURABLE") == "1"
    data = sandbox.ROOT / ".data" / ("bench" if durable else "test")
    running = _stack.enter_context(services.start_beside(data, durable=durable))
    for name, value in running.environ().items():
        os.environ.setdefault(name, value)
    os.environ["EMBEDDED_DATA"] = str(running.data)


def _join(number: int) -> None:
    """Give an xdist worker its own Valkey database and, where the embedded services run, its own sandbox."""
    if "EMBEDDED_DATA" not in os.environ:
        return
    os.environ["REDIS_URL"] = re.sub(r"/\d+$", f"/{number + 1}", os.environ["REDIS_URL"])
    data = Path(os.environ["EMBEDDED_DATA"]) / f"gw{number}"
    os.environ["STRIPE_API_BASE"] = _stack.enter_context(sandbox.running(data, keep=False))
    os.environ["EMBEDDED_DATA"] = str(data)
