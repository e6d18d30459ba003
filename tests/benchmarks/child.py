"""One process of a benchmark; see `crew`. It makes ready all that is made once, and then waits for the sign."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

DUE_AT = datetime(2027, 3, 15, 9, tzinfo=UTC)
NEXT_END = DUE_AT.replace(month=4)


def _engine() -> Callable[[], int]:
    """The sweep that bills renewals, in a process set up as a worker is."""
    import django

    django.setup()
    from apps.memberships import renewals
    from config.celery import collect_garbage_seldom

    collect_garbage_seldom()
    renewals.bill_due(now=datetime(2000, 1, 1, tzinfo=UTC))
    return lambda: renewals.bill_due(now=DUE_AT)


def _bare() -> Callable[[], int]:
    """The limit."""
    from tests.benchmarks import bare

    url = os.environ["DATABASE_URL"]
    bare.bill_due(url, now=datetime(2000, 1, 1, tzinfo=UTC), next_end=NEXT_END)
    return lambda: bare.bill_due(url, now=DUE_AT, next_end=NEXT_END)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    work = {"engine": _engine, "bare": _bare}[sys.argv[1]]()
    print("ready", flush=True)
    sys.stdin.readline()
    handled = work()
    print(json.dumps({"handled": handled, "peak_mb": _peak_mb()}), flush=True)


def _peak_mb() -> float:
    """The most memory this process ever held. (`getrusage` would count what the parent held when it forked.)"""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


if __name__ == "__main__":
    main()
