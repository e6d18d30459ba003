"""The back office of billing: documents are read, and acted on through the same functions as the workers use."""

from . import books, documents, journal, payments, settings

__all__ = ["books", "documents", "journal", "payments", "settings"]
