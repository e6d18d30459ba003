"""`manage.py build_demo`: stock the demo shop and live through its year."""

import gc
import json
import urllib.request

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from apps.accounts.models import User
from apps.core import clock
from apps.storefront.demo import stock
from apps.storefront.demo.history import DAY, History
from apps.storefront.demo.people import PASSWORD, STAFF


class Command(BaseCommand):
    help = "Fill an empty demo database with a year of history, and hand its cards to the Stripe sandbox."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--customers", type=int, default=300)
        parser.add_argument("--days", type=int, default=365)

    def handle(self, *args, customers: int, days: int, **options) -> None:
        if not settings.DEMO:
            raise CommandError("This fills the shop with invented people: it runs only where DEMO is set.")
        if User.objects.exists():
            raise CommandError("There are people in this database already. Use an empty one.")
        # The letters of the past are kept in the outbox, and posted nowhere.
        settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
        end = clock.now()
        User.objects.create_superuser(STAFF, PASSWORD, name="Sam Gardener", joined_at=end - (days + 1) * DAY)
        stock.build(now=end - (days + 1) * DAY)
        # Millions of short-lived rows and nothing in cycles: looking for garbage this often is a tenth of the time.
        gc.set_threshold(100_000, 20, 20)
        history = History(end=end, days=days, count=customers)
        with _progress() as progress:
            task = progress.add_task("A year of renewals", total=days)
            for _day in history.live():
                progress.advance(task)
        _hand_over(history.rehearsal.export())


def _progress() -> Progress:
    return Progress(TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


def _hand_over(book: dict) -> None:
    """Give the sandbox the customers, cards and charges of the history, so that it can go on charging them."""
    request = urllib.request.Request(  # noqa: S310 - the sandbox's own address
        f"{settings.STRIPE_API_BASE}/_control/import",
        data=json.dumps(book).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60):  # noqa: S310
        pass
