"""Erasing a person: asked for on the page, confirmed from their mailbox, carried out by a worker.

Tax law keeps invoices and the books for ten years; they stay, and everything that names the person elsewhere goes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import privacy
from apps.core.append_only import erasing
from apps.core.outages import is_outage
from apps.mail.models import Message
from apps.mail.models import Status as MailStatus

from . import exporting, letters
from .models import Erasure, User

log = logging.getLogger(__name__)

LINK = "/account/erase/{secret}/"
# The last letter leaves before its address is forgotten; a mail server that does not answer does not hold it up longer.
LAST_LETTER = timedelta(hours=1)


class CannotErase(Exception):
    """Something has to be done first. `obstacles` are sentences for the person."""

    def __init__(self, obstacles: list[str]) -> None:
        super().__init__(" ".join(obstacles))
        self.obstacles = obstacles


def obstacles(user: User) -> list[str]:
    """What has to be done before this person can be erased, in sentences for them; none when nothing."""
    if user.is_staff:
        return [_("You work here: a colleague has to take your rights away first.")]
    return _problems(exporting.everybody(user))


@transaction.atomic
def request(user: User, *, now: datetime) -> Erasure:
    """Send a letter to the person's address with the link that confirms. Raises CannotErase."""
    _refuse(user)
    erasure, _created = Erasure.objects.select_for_update(of=("self",)).get_or_create(
        user=user, defaults={"requested_at": now}
    )
    if erasure.confirmed_at is None:
        erasure.requested_at = now
        erasure.save(update_fields=["requested_at"])
        _put("erasure-confirm", erasure, occasion=f"{now:%Y%m%d%H%M}", secret=True, now=now)
    return erasure


@transaction.atomic
def confirm(secret: UUID, *, now: datetime) -> Erasure:
    """The link in the letter. Safe to repeat. Raises Erasure.DoesNotExist, and CannotErase when something has come up
    since."""
    erasure = Erasure.objects.select_for_update(of=("self",)).select_related("user").get(secret=secret)
    if erasure.confirmed_at is None:
        _refuse(erasure.user)
        erasure.confirmed_at, erasure.problem = now, ""
        erasure.save(update_fields=["confirmed_at", "problem"])
        _put("erasure-begins", erasure, occasion="", secret=False, now=now)
    return erasure


def next_due(*, now: datetime) -> datetime | None:
    """When the next person is to be erased; may lie in the past."""
    times = [
        erasure.confirmed_at + (LAST_LETTER if _last_letter_waits(erasure, now=now) else timedelta())
        for erasure in Erasure.objects.to_carry_out()
        if erasure.confirmed_at
    ]
    return min(times, default=None)


def carry_out_due(*, now: datetime) -> int:
    """Erase the people who confirmed it, once their last letter has left; returns how many.

    Talks to the gateway. One that cannot be done waits with what failed, and is taken up again by the next sweep; or,
    when something has come up, is given back to the person with the reason.
    """
    done = 0
    for erasure in Erasure.objects.to_carry_out().select_related("user"):
        if _last_letter_waits(erasure, now=now):
            continue
        try:
            done += _carry_out(erasure, now=now)
        except Exception as problem:
            if is_outage(problem):
                raise
            log.exception("Account %s could not be erased", erasure.user_id)
            why = f"{type(problem).__name__}: {problem}"[:300]
            Erasure.objects.filter(pk=erasure.pk, done_at=None).update(stuck_for=why)
    return done


def _carry_out(erasure: Erasure, *, now: datetime) -> bool:
    people = exporting.everybody(erasure.user)
    if _is_given_back(erasure, people):
        return False
    for person in people:
        privacy.forget_outside(person, now=now)
    with erasing():
        # Sign-ups lock the customer too: nothing is bought between the look and the end.
        User.objects.select_for_update().get(pk=erasure.user_id)
        row = Erasure.objects.select_for_update(of=("self",)).get(pk=erasure.pk)
        if row.done_at is not None or _is_given_back(row, people):
            return False
        for person in people:
            privacy.forget(person, now=now)
        Erasure.objects.filter(pk=erasure.pk).update(done_at=now, stuck_for="")
    return True


def _problems(people: Iterable[privacy.Person]) -> list[str]:
    """What stands in the way of any of them, each said once."""
    return list(dict.fromkeys(problem for person in people for problem in privacy.obstacles(person)))


def _is_given_back(erasure: Erasure, people: Iterable[privacy.Person]) -> bool:
    """Whether something has come up since it was confirmed; the person is told on their page."""
    problems = _problems(people)
    if problems:
        Erasure.objects.filter(pk=erasure.pk, done_at=None).update(
            confirmed_at=None, problem=" ".join(problems), stuck_for=""
        )
    return bool(problems)


def _last_letter_waits(erasure: Erasure, *, now: datetime) -> bool:
    assert erasure.confirmed_at is not None
    waiting = Message.objects.of_user(erasure.user_id).filter(status__in=[MailStatus.PENDING, MailStatus.SENDING])
    return now < erasure.confirmed_at + LAST_LETTER and waiting.exists()


def _refuse(user: User) -> None:
    found = obstacles(user)
    if found:
        raise CannotErase(found)


def _put(kind: str, erasure: Erasure, *, occasion: str, secret: bool, now: datetime) -> None:
    user = erasure.user
    confirm_url = settings.SITE_URL + LINK.format(secret=erasure.secret) if secret else ""
    letters.put(
        kind,
        user,
        key=f"{kind}:{erasure.pk}:{occasion}",
        context={"name": user.short_name, "confirm_url": confirm_url},
        secret=secret,
        now=now,
    )
