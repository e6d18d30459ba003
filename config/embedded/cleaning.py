"""Removing data folders, after stopping whoever uses them."""

import contextlib
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import psutil

from config.embedded import process, shelter
from config.embedded.errors import DataInUse
from config.embedded.lock import Lock


def clean(folder: Path, *, say: Callable[[str], object]) -> None:
    """Stop what runs on the data folders below `folder`, and remove it with all they hold, also outside the clone.

    Raises DataInUse when somebody starts anew on a folder at the same time.
    """
    for lock in sorted(folder.resolve().glob("*/lock")):
        data = lock.parent
        _stop_owner(data, say=say)
        with Lock(data):
            for record in (data / "run").glob("*.pid"):
                process.stop_leftover(record, number=signal.SIGINT)
            say(f"Removing {data}")
            shutil.rmtree(shelter.path_for(data), ignore_errors=True)
            shutil.rmtree(data)
    shutil.rmtree(folder, ignore_errors=True)


def _stop_owner(data: Path, *, say: Callable[[str], object]) -> None:
    try:
        with Lock(data):
            return
    except DataInUse as error:
        if error.pid == 0:
            raise
        say(f"Stopping process {error.pid}, which uses {data}")
        with contextlib.suppress(psutil.NoSuchProcess):
            process.end(psutil.Process(error.pid), number=signal.SIGTERM, seconds=60)
