"""Worker processes of a benchmark: they get ready, all begin at one sign, and say what they did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Done:
    """What a crew did: rows per second of wall-clock time from the sign to the last one's end, and the peak memory of
    the largest process, in MB."""

    rate: float
    peak_mb: float


def run(task: str, *, workers: int, database: str, expected: int) -> Done:
    """Run `python -m tests.benchmarks.child TASK` in so many processes at once over a database."""
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{database}"
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.child", task],
            env=os.environ | {"DATABASE_URL": url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=settings.BASE_DIR,
        )
        for _number in range(workers)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n", f"{task} did not get ready"
        began = time.perf_counter()
        for child in children:
            _say(child, "go\n")
        reports = _reports(children)
        took = time.perf_counter() - began
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert sum(report["handled"] for report in reports) == expected, reports
    return Done(rate=expected / took, peak_mb=max(report["peak_mb"] for report in reports))


def _say(child: subprocess.Popen[str], word: str) -> None:
    assert child.stdin is not None
    child.stdin.write(word)
    child.stdin.flush()


def _reports(children: Sequence[subprocess.Popen[str]]) -> list[dict]:
    found = []
    for child in children:
        assert child.stdout is not None
        found.append(json.loads(child.stdout.readline()))
    return found
