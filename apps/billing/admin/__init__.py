"""The back office of billing: documents are read, and acted on through the same functions as the workers use."""

from . import books, documents, payments, reconciliation, settings

__all__ = ["books", "documents", "payments", "reconciliation", "settings"]
