"""The running shop for tests: web server, Celery worker and beat as processes over a database of their own."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from apps.core import clock
from apps.core.models import ClockShift
from config.celery import app as celery
from config.embedded.processes import Supervisor

# In the data folder of this session, so that two sessions do not write into each other's.
LOGS = Path(os.environ.get("EMBEDDED_DATA", settings.BASE_DIR / ".data")) / "stack"
SECRET_KEY = "sk_test_orangery0000000000000000"
PUBLISHABLE_KEY = "pk_test_orangery0000000000000000"


@dataclass
class Stack:
    """Where the shop answers, and the handles a test needs."""

    url: str
    sandbox: str
    environ: dict[str, str]
    supervisor: Supervisor

    def now(self) -> datetime:
        """The shop's present instant."""
        return clock.now()

    def travel(self, moment: datetime) -> None:
        """Move the shop's clock forward to `moment`; the workers find what is due by themselves."""
        shift = moment - datetime.now(UTC)
        assert shift >= ClockShift.current(), "The shop's clock never goes back"
        ClockShift.objects.update_or_create(pk=ClockShift.SINGLETON, defaults={"shift": shift})

    def ring(self, *sweeps: str) -> None:
        """Ring the bell for these sweeps, as beat does; the worker does the work."""
        for name in sweeps:
            celery.send_task("core.run_sweep", args=[name])

    def control(self, path: str, body: bytes = b"{}", *, method: str = "POST") -> bytes:
        """Call the sandbox's control API."""
        request = urllib.request.Request(
            f"{self.sandbox}/_control/{path}",
            data=None if method == "GET" else body,
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request) as answer:
            return answer.read()


def wait_for[T](question: Callable[[], T], *, patience: float = 60) -> T:
    """Ask until the answer is true, and return it. Patience is generous: it ends a hung test, it measures nothing."""
    end = time.monotonic() + patience
    while not (answer := question()):
        assert time.monotonic() < end, "What the test waits for did not happen"
        time.sleep(0.1)
    return answer


@contextmanager
def demo_settings() -> Iterator[None]:
    """The settings of this process as those of the shop it shares a database with: a demo whose clock can be moved."""
    settings.TIME_MACHINE = settings.DEMO = True
    settings.STRIPE_SECRET_KEY = settings.STRIPE_TEST_SECRET_KEY = SECRET_KEY
    yield
    settings.TIME_MACHINE = settings.DEMO = False


@contextmanager
def running(
    database: str, *, web: bool = True, workers: int = 1, environ: dict[str, str] | None = None
) -> Iterator[Stack]:
    """Run the shop's processes over `database`, which Django in this process uses as well."""
    port = _free_port()
    sandbox = os.environ["STRIPE_API_BASE"]
    base = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    variables = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.stack_settings",
        "DATABASE_URL": f"{base}/{database}",
        "DEMO": "1",
        "TIME_MACHINE": "1",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "STRIPE_JS_URL": f"{sandbox}/v3/",
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "EMAIL_FILE_PATH": str(LOGS / "mail"),
        **(environ or {}),
    }
    own_address = settings.SITE_URL
    with Supervisor(LOGS) as supervisor:
        stack = Stack(variables["SITE_URL"], sandbox, variables, supervisor)
        python = sys.executable
        if web:
            server = [python, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
            server.append("--no-control-socket")  # it would lie in one place for all
            supervisor.spawn("web", server, env=variables, healthy=f"{stack.url}/health/")
            settings.SITE_URL = stack.url
            call_command("setup_webhooks", verbosity=0)
        if workers:
            supervisor.spawn("workers", workers_command(workers), env=variables)
        supervisor.spawn(
            "beat",
            [python, "-m", "celery", "-A", "config", "beat", "-s", str(LOGS / "beat-schedule"), "--pidfile="],
            env=variables,
        )
        yield stack
        # It goes with the database: the next shop must not hear of this one's customers, nor this one of theirs.
        stack.control("reset")
        settings.SITE_URL = own_address


def workers_command(processes: int) -> list[str]:
    """How so many workers are started: as the shop starts them."""
    return [sys.executable, "-m", "config.workers", "--processes", str(processes), "--threads", "2"]


@contextmanager
def forking_workers(stack: Stack, *, processes: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process that forks workers; its output is added to `log`."""
    with log.open("ab") as output:
        master = subprocess.Popen(
            workers_command(processes), env=stack.environ, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield master
    finally:
        master.terminate()
        master.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
