"""The state file: loaded at start, then rewritten whole and atomically, from pieces kept as text.

Only objects that changed are turned into JSON again, so that a large store does not stop the event loop.
"""

import asyncio
import json
import threading
import time
from pathlib import Path

from .store import Store

SHORTEST_PAUSE = 1.0


class StateFile:
    """Keeps one file equal to the store, at most a second late and never half written."""

    def __init__(self, store: Store, path: Path) -> None:
        self._store = store
        self._path = path
        self._pieces: dict[tuple[str, str], str] = {}
        self._version = self._written = 0
        self._lock = threading.Lock()

    def load(self) -> None:
        """Fills the store from the file, if there is one."""
        if not self._path.exists():
            return
        for kind, object_id, row in json.loads(self._path.read_text())["rows"]:
            self._store.restore(kind, object_id, row)
            self._pieces[kind, object_id] = json.dumps([kind, object_id, row], separators=(",", ":"))
        self._store.dirty.clear()

    async def run(self) -> None:
        """Saves whenever something changed, until cancelled. Spends at most a tenth of the time on it."""
        pause = SHORTEST_PAUSE
        while True:
            await asyncio.sleep(pause)
            if self._store.dirty:
                started = time.perf_counter()
                version = self._refresh()
                await asyncio.to_thread(self._write, list(self._pieces.values()), version)
                pause = max(SHORTEST_PAUSE, 10 * (time.perf_counter() - started))

    def save(self) -> None:
        """Saves now."""
        version = self._refresh()
        self._write(list(self._pieces.values()), version)

    def _refresh(self) -> int:
        """Brings the pieces up to date; returns the number of this version."""
        for kind, object_id in self._store.dirty:
            row = self._store.saved(kind, object_id)
            if row is None:
                self._pieces.pop((kind, object_id), None)
            else:
                self._pieces[kind, object_id] = json.dumps([kind, object_id, row], separators=(",", ":"))
        self._store.dirty.clear()
        self._version += 1
        return self._version

    def _write(self, pieces: list[str], version: int) -> None:
        """Replaces the file. The last save at the end may overtake one in a thread, which then has nothing to say."""
        with self._lock:
            if version <= self._written:
                return
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_name(self._path.name + ".tmp")
            with temporary.open("w") as file:
                file.write('{"version":1,"rows":[\n')
                file.write(",\n".join(pieces))
                file.write("\n]}\n")
            temporary.replace(self._path)
            self._written = version
