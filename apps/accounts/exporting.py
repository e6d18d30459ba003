"""A copy of everything the shop knows about a person: asked for on the page, made by a worker, kept for a week."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.translation import override

from apps.core import privacy
from apps.core.privacy import Part, Person, Row
from apps.mail.models import Message

from . import letters
from .models import Consent, DataExport, ExportStatus, User

KEPT = timedelta(days=7)
PAGE = "/account/privacy/"


@transaction.atomic
def request(user: User, *, now: datetime) -> DataExport:
    """Ask for a copy; one that is being made already is returned."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    waiting = DataExport.objects.to_make().filter(user=user).first()
    return waiting or DataExport.objects.create(user=user, requested_at=now)


def make_due(*, now: datetime) -> int:
    """Make the copies that were asked for, and delete those whose time is over; returns how many of both."""
    made = 0
    while _make_next(now=now):
        made += 1
    return made + DataExport.objects.to_delete(now).update(status=ExportStatus.DELETED, content=None)


def person_of(user: User) -> Person:
    """Who this is to the apps that are asked about them, with every address they had before."""
    former = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    agreed = Consent.objects.filter(user=user).values_list("email", flat=True)
    written = Message.objects.of_user(user.pk).order_by().values_list("to_email", flat=True)
    emails = {user.email, user.mail_address, *former.union(agreed, written)}
    return Person(id=user.pk, email=user.email, name=user.name, emails=tuple(sorted(emails)))


def everybody(user: User) -> list[Person]:
    """The person, and the guests that they were when they ordered with an address that is proved to be theirs."""
    return [person_of(one) for one in (user, *User.objects.all().guests_of(user))]


@transaction.atomic
def _make_next(*, now: datetime) -> bool:
    export = DataExport.objects.to_make().select_for_update(skip_locked=True, of=("self",)).first()
    if export is None:
        return False
    user = export.user
    with override(user.locale):
        export.content = archive(everybody(user))
    export.status, export.ready_at, export.expires_at = ExportStatus.READY, now, now + KEPT
    DataExport.objects.filter(user=user, status=ExportStatus.READY).update(status=ExportStatus.DELETED, content=None)
    export.save()
    letters.put(
        "export-ready",
        user,
        key=f"export-ready:{export.pk}",
        context={"name": user.short_name, "expires_at": export.expires_at, "page_url": settings.SITE_URL + PAGE},
        now=now,
    )
    return True


def archive(people: Sequence[Person]) -> bytes:
    """The zip file: `data.json` with everything, and a CSV file for each part that has rows."""
    buffer = io.BytesIO()
    found = [(part, [row for person in people for row in part.rows(person)]) for part in privacy.parts()]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data.json", _json(found))
        for part, rows in found:
            if rows:
                file.writestr(f"{part.name}.csv", _csv(rows))
    return buffer.getvalue()


def _json(found: Sequence[tuple[Part, list[Row]]]) -> str:
    said = {part.name: {"title": str(part.title), "why": str(part.why), "rows": rows} for part, rows in found}
    return json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


def _csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """Plain values as they are; what is nested as JSON; a time in ISO 8601."""
    if isinstance(value, dict | list):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    return value.isoformat() if isinstance(value, datetime) else value
