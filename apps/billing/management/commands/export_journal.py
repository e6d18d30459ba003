"""`manage.py export_journal`: a month of the books for the accountant."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from apps.billing import journal
from apps.billing.models import JournalMonth
from apps.billing.months import Month
from apps.core import clock, progress


class Command(BaseCommand):
    help = "Writes the journal of a month as CSV: what to book, balances, and how deferred revenue moved."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--month", required=True, help="Such as 2026-10; a calendar month in UTC.")
        parser.add_argument("--currency", help="Only this one, such as EUR.")
        parser.add_argument("--output", required=True, type=Path, help="The file to write; an older one is replaced.")

    def handle(self, *args, month: str, currency: str | None, output: Path, **options) -> None:
        wanted = _month(month)
        with progress.bar() as bar:
            task = bar.add_task(_("Reading %(month)s") % {"month": wanted}, total=(wanted.end - wanted.start).days)
            found = journal.of(wanted, on_day=lambda: bar.advance(task))
        if currency is not None and currency not in found.currencies:
            raise CommandError(_("There is nothing in %(currency)s in this month.") % {"currency": currency})
        try:
            _write(output, journal.export(found, currency=currency))
        except (journal.Changed, OSError) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(_("%(month)s is in %(file)s.") % {"month": wanted, "file": output})
        if JournalMonth.objects.of(wanted) is None:
            self.stdout.write(_("The month is not closed: what is posted in it from now on is not in this file."))


def _month(text: str) -> Month:
    try:
        month = Month.parse(text)
    except ValueError as problem:
        raise CommandError(_("Give a month such as 2026-10.")) from problem
    if month.start > clock.now():
        raise CommandError(_("%(month)s has not begun.") % {"month": month})
    return month


def _write(output: Path, content: bytes) -> None:
    """Put the file in its place whole, or not at all."""
    draft = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)
