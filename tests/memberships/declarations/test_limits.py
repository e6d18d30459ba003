"""Not too many declarations, counted without telling anybody whose they are; and the table only grows."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from apps.core.append_only import erasing
from apps.mail.models import Message
from apps.memberships.errors import TooManyDeclarations
from apps.memberships.models import Declaration

from .saying import say

pytestmark = pytest.mark.django_db


def test_of_one_address(now):
    for number in range(4):
        say("cancel", "a@example.com", client=f"192.0.2.{number}", now=now)
    with pytest.raises(TooManyDeclarations):
        say("cancel", "A@example.com", client="192.0.2.9", now=now)
    assert (Declaration.objects.count(), Message.objects.count()) == (4, 4)
    say("cancel", "a@example.com", client="192.0.2.9", now=now + timedelta(hours=1))


def test_of_one_sender(now):
    for number in range(12):
        say("withdraw", f"a{number}@example.com", now=now)
    with pytest.raises(TooManyDeclarations):
        say("withdraw", "z@example.com", now=now)
    say("withdraw", "z@example.com", client="192.0.2.9", now=now)


def test_sent_twice_it_is_one(now):
    token = uuid4()
    first = say("cancel", "a@example.com", token=token, now=now)
    assert say("cancel", "b@example.com", token=token, now=now) == first
    assert Message.objects.count() == 1


def test_the_senders_address_is_not_kept(now):
    said = say("cancel", "a@example.com", client="203.0.113.77", now=now).declaration
    assert len(said.client_hash) == 64
    assert "203.0.113.77" not in str(Declaration.objects.values().get())


def test_it_only_grows_but_for_erasure(now):
    said = say("cancel", "a@example.com", now=now).declaration
    for change in ({"words": "x"}, {"email": "x@example.com"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Declaration.objects.filter(pk=said.pk).update(**change)
    with erasing():
        Declaration.objects.filter(pk=said.pk).update(name="erased", email="erased@example.invalid")
    with pytest.raises(DatabaseError), erasing():
        Declaration.objects.filter(pk=said.pk).update(kind="withdraw")
    with pytest.raises(DatabaseError), erasing(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM memberships_declaration")
    with pytest.raises(DatabaseError), transaction.atomic():
        Declaration.objects.filter(pk=said.pk).update(name="x")
