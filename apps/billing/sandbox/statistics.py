"""Counts for tests and demos: was anything charged twice?"""

from collections import Counter
from typing import Any

from .state import Sandbox


def report(sandbox: Sandbox, *, metadata_key: str | None) -> dict[str, Any]:
    """Objects by kind; charges by status with amounts by currency; with a key also succeeded charges by its value.

    Amounts are in minor units.
    """
    charges: Counter[str] = Counter()
    charged: Counter[str] = Counter()
    refunded: Counter[str] = Counter()
    by_value: Counter[str] = Counter()
    for charge in sandbox.store["charge"]:
        charges[charge["status"]] += 1
        if charge["status"] != "succeeded":
            continue
        charged[charge["currency"]] += charge["amount"]
        refunded[charge["currency"]] += charge["amount_refunded"]
        if metadata_key and metadata_key in charge["metadata"]:
            by_value[charge["metadata"][metadata_key]] += 1
    answer: dict[str, Any] = {
        "objects": {kind: len(table) for kind, table in sandbox.store.tables.items()},
        "charges": {
            "succeeded": charges["succeeded"],
            "failed": charges["failed"],
            "amount": dict(charged),
            "refunded": dict(refunded),
        },
    }
    if metadata_key:
        answer["succeeded_by_metadata"] = dict(by_value)
        answer["more_than_once"] = {value: count for value, count in by_value.items() if count > 1}
    return answer
