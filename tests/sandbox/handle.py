"""A sandbox process for tests, and its control API."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SECRET_KEY = "sk_test_sandbox0000000000000000"
PUBLISHABLE_KEY = "pk_test_sandbox0000000000000000"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Handle:
    """Where a sandbox answers."""

    url: str
    process: subprocess.Popen[bytes]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer of the control API. Raises urllib.error.HTTPError for a refusal."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/_control/{path}", data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


def start(*, state: Path | None = None) -> Handle:
    """A running sandbox that answers."""
    port = free_port()
    command = [sys.executable, "-m", "apps.billing.sandbox", "--port", str(port)]
    if state:
        command += ["--state", str(state)]
    handle = Handle(f"http://127.0.0.1:{port}", subprocess.Popen(command, cwd=ROOT))
    while True:
        assert handle.process.poll() is None, "the sandbox did not start"
        try:
            handle.control("GET", "health")
        except urllib.error.URLError:
            time.sleep(0.05)
        else:
            return handle


def wait_for(question: Any) -> Any:
    """Asks until the answer is true. The limit only ends a hung test."""
    end = time.monotonic() + 60
    while not (answer := question()):
        assert time.monotonic() < end, "what the test waits for did not happen"
        time.sleep(0.05)
    return answer
