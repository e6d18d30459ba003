"""People: who they are, how to write to them, what they agreed to, and what they ask about their own data."""

from .people import Address, Consent, ConsentQuerySet, User, UserManager, UserQuerySet
from .privacy import DataExport, Erasure, ExportStatus

__all__ = [
    "Address",
    "Consent",
    "ConsentQuerySet",
    "DataExport",
    "Erasure",
    "ExportStatus",
    "User",
    "UserManager",
    "UserQuerySet",
]
