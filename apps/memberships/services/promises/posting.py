"""Many letters at once; one that cannot be written does not hold up the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.mail import outbox
from apps.mail.outbox import Letter

log = logging.getLogger(__name__)


def post(letters: Sequence[Letter], *, now: datetime) -> set[str]:
    """Put the letters in two statements; returns the keys of those that could not be written, which are logged."""
    if not letters:
        return set()
    try:
        with transaction.atomic():
            outbox.put_many(letters, now=now)
    except Exception:
        log.exception("A batch of %s letters could not be written; writing them one by one", len(letters))
        return {letter.key for letter in letters if not _posted(letter, now=now)}
    return set()


def _posted(letter: Letter, *, now: datetime) -> bool:
    try:
        with transaction.atomic():
            outbox.put_many([letter], now=now)
    except Exception:
        log.exception("The letter %s could not be written", letter.key)
        return False
    return True
