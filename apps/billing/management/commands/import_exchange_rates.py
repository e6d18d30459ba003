"""`manage.py import_exchange_rates`: the rates of the European Central Bank from its file."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from apps.billing import exchange
from apps.core import clock


class Command(BaseCommand):
    help = (
        "Stores the exchange rates of eurofxref-hist.csv, and states the VAT of invoices that waited for them."
        " Safe to repeat, every day for example."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path, help="eurofxref-hist.csv of the European Central Bank, unpacked.")
        parser.add_argument(
            "--since", help="Only from this day on, such as 2026-01-01. A year before today by default."
        )

    def handle(self, *args, file: Path, since: str | None, **options) -> None:
        now = clock.now()
        try:
            first = date.fromisoformat(since) if since else now.date() - timedelta(days=365)
        except ValueError as problem:
            raise CommandError(_("Give a day such as 2026-10-01.")) from problem
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                done = exchange.take_in(lines, since=first, now=now)
        except (OSError, UnicodeDecodeError, exchange.CannotRead) as problem:
            raise CommandError(str(problem)) from problem
        text = _("Rates: %(added)d new, %(changed)d changed, %(kept)d kept as they are on documents.")
        self.stdout.write(text % {"added": done.added, "changed": done.changed, "kept": done.kept})
        self.stdout.write(_("Invoices whose VAT is stated now: %(count)d.") % {"count": done.stated})
