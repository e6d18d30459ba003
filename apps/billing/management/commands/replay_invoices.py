"""`manage.py replay_invoices`: compute every invoice again, and say what differs."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console

from apps.billing import replay
from apps.billing.models import Invoice
from apps.core import progress

INTERRUPTED = 130  # what a shell says of a process that Ctrl-C ended


class Command(BaseCommand):
    help = (
        "Computes every invoice again from its stored inputs: lines, tax, periods, totals, postings, revenue by month."
        " Prints each difference, and ends with 1 when there is one."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--since", help="Only invoices issued on this day (UTC) or later, such as 2026-10-01.")
        parser.add_argument("--after", help="Go on after the invoice of this number.")

    def handle(self, *args, since: str | None, after: str | None, **options) -> None:
        first = _day(since) if since else None
        start = _invoice(after) if after else 0
        done, found, last = 0, 0, after
        with progress.bar() as bar:
            task = bar.add_task(_("Replaying"), total=replay.count(since=first, after=start))
            try:
                for batch in replay.walk(since=first, after=start):
                    found += _tell(bar.console, batch.differences)
                    done, last = done + batch.size, batch.last_number
                    bar.update(task, advance=batch.size)
                found += _tell(bar.console, replay.whole_ledger())
            except KeyboardInterrupt:
                raise CommandError(_stopped(done, last), returncode=INTERRUPTED) from None
        invoices = ngettext("%(count)d invoice replayed", "%(count)d invoices replayed", done) % {"count": done}
        if found:
            differences = ngettext("%(count)d difference", "%(count)d differences", found) % {"count": found}
            raise CommandError(f"{invoices}, {differences}.")
        self.stdout.write(_("%(invoices)s, no difference.") % {"invoices": invoices})


def _tell(console: Console, differences: list[replay.Difference]) -> int:
    for difference in differences:
        console.print(str(difference), markup=False, highlight=False, soft_wrap=True)
    return len(differences)


def _stopped(done: int, last: str | None) -> str:
    if last is None:
        return _("Stopped before the first batch was done.")
    text = _("Stopped. %(count)d invoices were replayed; go on with --after %(number)s")
    return text % {"count": done, "number": last}


def _day(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError as problem:
        raise CommandError(_("Give a day such as 2026-10-01.")) from problem
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _invoice(number: str) -> int:
    try:
        return replay.resume_from(number)
    except Invoice.DoesNotExist as problem:
        raise CommandError(_("There is no invoice %(number)s.") % {"number": number}) from problem
