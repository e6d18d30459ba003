"""The Stripe sandbox of the shop as a process of its own, reached over HTTP like Stripe itself."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded import ports, process

ROOT = Path(__file__).resolve().parent.parent.parent
MODULE = "apps.billing.sandbox"


@contextmanager
def running(data: Path, *, keep: bool) -> Iterator[str]:
    """Run the sandbox and yield its base URL. With `keep` it goes on from its last state, else it starts empty.

    Raises EmbeddedError.
    """
    record = data / "run" / "sandbox.pid"
    process.stop_leftover(record)
    state = data / "stripe.json"
    if not keep:
        state.unlink(missing_ok=True)

    def start(port: int) -> tuple[process.Child, str]:
        child = process.launch(
            "stripe-sandbox",
            [sys.executable, "-m", MODULE, "--port", str(port), "--state", state],
            log=data / "logs" / "stripe-sandbox.log",
            record=record,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            cwd=ROOT,
            death_signal=signal.SIGTERM,  # it writes its state before it goes
        )
        try:
            process.wait_until(child, lambda: ports.is_open(port), seconds=30)
        except BaseException:
            process.stop(child)
            raise
        return child, f"http://{ports.HOST}:{port}"

    child, url = ports.start_on_free(start)
    try:
        yield url
    finally:
        process.stop(child)
