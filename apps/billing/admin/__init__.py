"""The back office of billing: documents are read, and acted on through the same functions as the workers use."""

from . import books, credit_notes, customers, disputes, documents, exchange, journal, payments, reconciliation, settings

__all__ = [
    "books",
    "credit_notes",
    "customers",
    "disputes",
    "documents",
    "exchange",
    "journal",
    "payments",
    "reconciliation",
    "settings",
]
