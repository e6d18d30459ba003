"""One kind of object in memory: by identifier, by age and by the fields that are searched."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]


class Timeline:
    """Identifiers sorted by (created, order of arrival). Adding at the end and finding a place are cheap."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: list[tuple[int, int, str]] = []

    def add(self, entry: tuple[int, int, str]) -> None:
        if not self.entries or self.entries[-1] < entry:
            self.entries.append(entry)
        else:
            insort(self.entries, entry)

    def remove(self, entry: tuple[int, int, str]) -> None:
        place = bisect_left(self.entries, entry)
        if place < len(self.entries) and self.entries[place] == entry:
            del self.entries[place]

    def bounds(self, window: dict[str, int]) -> tuple[int, int]:
        """The half open slice of entries whose ``created`` lies in the window (gt, gte, lt, lte)."""
        low = max(window.get("gte", 0), window.get("gt", -1) + 1)
        high = min(window.get("lte", 2**62), window.get("lt", 2**62 + 1) - 1)
        return bisect_left(self.entries, (low,)), bisect_right(self.entries, (high + 1,))


class Table:
    """All objects of one kind. ``put`` is the only way to write, so that indexes and the saved state stay true."""

    def __init__(self, kind: str, indexed: tuple[str, ...], dirty: dict[tuple[str, str], None]) -> None:
        self.kind = kind
        self.rows: dict[str, Row] = {}
        self.timeline = Timeline()
        self._indexed = indexed
        self._by: dict[str, dict[str, Timeline]] = {field: {} for field in indexed}
        self._known: dict[str, tuple[tuple[int, int, str], tuple[str | None, ...]]] = {}
        self._metadata: dict[tuple[str, str], dict[str, None]] = {}
        self._tagged: dict[str, dict[str, str]] = {}
        self._sequence = 0
        self._dirty = dirty

    def __len__(self) -> int:
        return len(self.timeline.entries)

    def __iter__(self) -> Iterator[Row]:
        """Oldest first."""
        return (self.rows[entry[2]] for entry in self.timeline.entries)

    def get(self, object_id: str) -> Row | None:
        return self.rows.get(object_id)

    def put(self, row: Row) -> Row:
        """Adds or replaces a row and refreshes the indexes of the fields that changed."""
        object_id = row["id"]
        self.rows[object_id] = row
        self._dirty[self.kind, object_id] = None
        values = tuple(row.get(field) for field in self._indexed)
        known = self._known.get(object_id)
        if known is None:
            self._sequence += 1
            entry = (row["created"], self._sequence, object_id)
            self.timeline.add(entry)
            self._index(entry, values)
        elif known[1] != values:
            entry = known[0]
            self._unindex(entry, known[1])
            self._index(entry, values)
        if row.get("metadata") or object_id in self._tagged:
            self._tag(object_id, row.get("metadata") or {})
        return row

    def hide(self, row: Row) -> None:
        """Keeps the row (a deleted object can still be asked for by its identifier) but takes it out of every list."""
        entry, values = self._known.pop(row["id"])
        self.timeline.remove(entry)
        self._unindex(entry, values)
        self._tag(row["id"], {})
        self.rows[row["id"]] = row
        self._dirty[self.kind, row["id"]] = None

    def drop(self, object_id: str) -> None:
        """Forgets a row altogether."""
        self.hide(self.rows[object_id])
        del self.rows[object_id]

    def where(self, field: str, value: str) -> Timeline:
        """The timeline of rows whose indexed field has this value."""
        return self._by[field].get(value) or Timeline()

    def rows_where(self, field: str, value: str) -> list[Row]:
        """Rows whose indexed field has this value, oldest first."""
        return [self.rows[entry[2]] for entry in self.where(field, value).entries]

    def ids_with_metadata(self, key: str, value: str) -> list[str]:
        """Identifiers of rows with this metadata, in order of arrival."""
        return list(self._metadata.get((key, value), ()))

    def entry(self, object_id: str) -> tuple[int, int, str] | None:
        """The place of a row in the timelines; None for an unknown or deleted row."""
        known = self._known.get(object_id)
        return known[0] if known else None

    def _index(self, entry: tuple[int, int, str], values: tuple[str | None, ...]) -> None:
        self._known[entry[2]] = (entry, values)
        for field, value in zip(self._indexed, values, strict=True):
            if value is not None:
                self._by[field].setdefault(value, Timeline()).add(entry)

    def _unindex(self, entry: tuple[int, int, str], values: tuple[str | None, ...]) -> None:
        for field, value in zip(self._indexed, values, strict=True):
            if value is not None:
                self._by[field][value].remove(entry)

    def _tag(self, object_id: str, metadata: dict[str, str]) -> None:
        before = self._tagged.get(object_id, {})
        if before == metadata:
            return
        for pair in before.items():
            del self._metadata[pair][object_id]
        for pair in metadata.items():
            self._metadata.setdefault(pair, {})[object_id] = None
        self._tagged[object_id] = dict(metadata)
