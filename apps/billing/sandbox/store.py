"""Everything the sandbox remembers. One process, one event loop: a change is atomic between two awaits."""

from typing import Any

from .table import Row, Table

INDEXED: dict[str, tuple[str, ...]] = {
    "customer": ("email",),
    "payment_method": ("customer",),
    "setup_intent": ("customer", "payment_method"),
    "payment_intent": ("customer",),
    "charge": ("customer", "payment_intent"),
    "refund": ("charge", "payment_intent"),
    "dispute": ("charge", "payment_intent"),
    "balance_transaction": ("source",),
    "event": ("type",),
    "webhook_endpoint": (),
    "idempotency_key": (),
    "delivery": (),
}


class Store:
    """Tables by kind, and ``private``: facts about an object that its JSON never shows (card number, set-up state)."""

    def __init__(self) -> None:
        self.dirty: dict[tuple[str, str], None] = {}
        self.tables: dict[str, Table] = {}
        self.private: dict[str, dict[str, Any]] = {}
        self.clear()

    def clear(self, *, keep: tuple[str, ...] = ()) -> None:
        """Forgets all objects except those of the kinds to keep."""
        kept = {kind: self.tables[kind] for kind in keep}
        for kind, table in self.tables.items():
            if kind not in kept:
                self.dirty.update({(kind, object_id): None for object_id in table.rows})
        self.dirty.update({("private", object_id): None for object_id in self.private})
        self.private.clear()
        self.tables = {kind: kept.get(kind) or Table(kind, fields, self.dirty) for kind, fields in INDEXED.items()}

    def __getitem__(self, kind: str) -> Table:
        return self.tables[kind]

    def note(self, object_id: str, **facts: Any) -> dict[str, Any]:
        """Adds private facts about an object and returns all of them."""
        known = self.private.setdefault(object_id, {})
        if facts:
            known.update(facts)
            self.dirty["private", object_id] = None
        return known

    def saved(self, kind: str, object_id: str) -> dict[str, Any] | None:
        """What to write to the state file for a key of ``dirty``; None when the object is gone."""
        if kind == "private":
            return self.private.get(object_id)
        return self.tables[kind].rows.get(object_id)

    def restore(self, kind: str, object_id: str, row: Row) -> None:
        """Puts back one row of a state file."""
        if kind == "private":
            self.private[object_id] = row
        elif row.get("deleted"):
            self.tables[kind].rows[object_id] = row
        else:
            self.tables[kind].put(row)
