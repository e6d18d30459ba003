"""Declarations for tests."""

from datetime import datetime
from uuid import uuid4

from apps.memberships.declarations import declaring
from apps.memberships.models import Handling


def say(kind: str, email: str, *, now: datetime, client: str = "192.0.2.1", token=None, **facts) -> Handling:
    """Somebody declares; returns what is to be made of it."""
    declared = declaring.Declared(kind=kind, email=email, **{"name": "Anna Rossi", **facts})
    return declaring.declare(declared, token=token or uuid4(), client=client, now=now).handling
