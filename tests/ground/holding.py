"""Processes of their own that hold embedded services, for tests that kill them and look at what is left."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from config.embedded import ports, process

ROOT = Path(__file__).resolve().parent.parent.parent
_OURS = {"DATABASE_URL", "REDIS_URL", "STRIPE_API_BASE", "EMBEDDED_DATA", "MAKELEVEL"}

_HEAR_CTRL_C = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
HOLD_SERVICES = """
import json, os, signal, sys
from pathlib import Path
from config import embedded
with embedded.start(Path(sys.argv[1]), durable=True, sandbox=False) as services:
    try:
        print(json.dumps(services.environ()), flush=True)
        signal.pause()
    except KeyboardInterrupt:
        pass
print("stopped", flush=True)
"""


def environment(**extra: str) -> dict[str, str]:
    """Our environment without the services of this test session."""
    inherited = {k: v for k, v in os.environ.items() if k not in _OURS and not k.startswith(("PYTEST", "DJANGO"))}
    return inherited | {"PYTHONPATH": str(ROOT)} | extra


def eventually(condition: Callable[[], bool], *, seconds: float = 60) -> bool:
    """Whether the condition comes true; the time is only there so that a failing test ends."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@dataclass
class Holder:
    """A process that holds services, with all it had started when it was ready."""

    popen: subprocess.Popen[str]
    environ: dict[str, str]
    family: list[psutil.Process]

    def ports(self) -> list[int]:
        return [int(url.rsplit(":", 1)[1].split("/")[0]) for url in self.environ.values()]

    def left(self) -> list[psutil.Process]:
        """The processes of the family that still run."""
        return [one for one in self.family if process.is_living(one)]

    def is_gone(self) -> bool:
        """Whether all its processes end and its ports close."""
        return eventually(lambda: not self.left() and not any(ports.is_open(port) for port in self.ports()))


def start(source: str, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Run Python source in a process of its own, its output on a pipe.

    It hears Ctrl-C also when we were started in the background, where shells make their children deaf to it.
    """
    return subprocess.Popen(
        [sys.executable, "-c", _HEAR_CTRL_C + source, *arguments],
        env=env or environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def hold(data: Path) -> Holder:
    """Start services over `data` in another process and wait until they answer."""
    return read_holder(start(HOLD_SERVICES, str(data)))


def read_holder(popen: subprocess.Popen[str]) -> Holder:
    """Wait for the line with which a holder says that it is ready."""
    assert popen.stdout is not None
    line = popen.stdout.readline()
    if not line:
        raise AssertionError(popen.communicate()[1])
    family = psutil.Process(popen.pid).children(recursive=True)
    return Holder(popen, json.loads(line), family)
