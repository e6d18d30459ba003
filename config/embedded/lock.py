"""One owner per data folder."""

import fcntl
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from config.embedded.errors import DataInUse


class Lock:
    """A lock on a data folder, held as long as our process lives: the kernel frees it even after SIGKILL."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._path = data / "lock"
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Take the lock. Raises DataInUse, which says who holds it and how to stop it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 4096).decode(errors="replace")
            os.close(descriptor)
            raise self._in_use(holder) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n{' '.join(sys.argv)}\n".encode())
        self._descriptor = descriptor
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def _in_use(self, holder: str) -> DataInUse:
        pid, command, *_ = [*holder.splitlines(), "", ""]
        number = int(pid) if pid.isdecimal() else 0
        if not number:
            return DataInUse(f"{self._data} is in use by a process that is just starting. Try again.", pid=0)
        message = (
            f"{self._data} is in use by process {number} ({command}).\n"
            f"Stop it with Ctrl-C in its terminal, or with: kill {number}"
        )
        return DataInUse(message, pid=number)
