"""`manage.py prepare_demo`: make the demo's tables, stock its shelves and live through its year."""

import gc
import json
import urllib.request

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from apps.accounts.models import User
from apps.core import clock, progress
from apps.storefront.demo import stock
from apps.storefront.demo.history import DAY, History
from apps.storefront.demo.people import CUSTOMERS, PASSWORD, STAFF


class Command(BaseCommand):
    help = "Bring the demo's tables up to date, and with --build fill an empty database with a year of history."
    # The tables are made here.
    requires_system_checks = ()

    def add_arguments(self, parser) -> None:
        parser.add_argument("--build", action="store_true")
        parser.add_argument("--customers", type=int, default=CUSTOMERS)
        parser.add_argument("--days", type=int, default=365)

    def handle(self, *args, build: bool, customers: int, days: int, **options) -> None:
        if not settings.DEMO:
            raise CommandError("This fills the shop with invented people: it runs only where DEMO is set.")
        call_command("migrate", verbosity=0)
        if build:
            _build(customers=customers, days=days)
        call_command("setup_webhooks", verbosity=0)


def _build(*, customers: int, days: int) -> None:
    if User.objects.exists():
        raise CommandError("There are people in this database already. Use an empty one.")
    # The letters of the past are kept in the outbox, and posted nowhere.
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
    end = clock.now()
    User.objects.create_superuser(STAFF, PASSWORD, name="Sam Gardener", joined_at=end - (days + 1) * DAY)
    stock.build(now=end - (days + 1) * DAY)
    # Millions of short-lived objects and no cycles among them: looking for garbage as often as usual takes a tenth of
    # the time.
    gc.set_threshold(1_000_000, 20, 20)
    # One person acts at a time, nothing competes and nothing is caught half-way: inner transactions need no savepoint
    # to return to, and each would be two more statements.
    connection.features.uses_savepoints = False
    history = History(end=end, days=days, count=customers)
    with progress.bar() as bar:
        task = bar.add_task("A year of the shop", total=days)
        for _day in history.live():
            bar.advance(task)
    _hand_over(history.rehearsal.export())


def _hand_over(book: dict) -> None:
    """Give the sandbox the customers, cards and charges of the history, so that it can go on charging them."""
    request = urllib.request.Request(  # noqa: S310 - the sandbox's own address
        f"{settings.STRIPE_API_BASE}/_control/import",
        data=json.dumps(book).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60):  # noqa: S310
        pass
