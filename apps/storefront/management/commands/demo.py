"""`manage.py demo`: the whole shop on this machine, from one command in one terminal."""

import json
import os
import socket
import sys
import urllib.request
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from psycopg import sql

from config import embedded
from config.embedded import process
from config.embedded.processes import Supervisor

DATA: Path = settings.BASE_DIR / ".data" / "demo"
BUILT = DATA / "built"
ENVIRON = DATA / "environ.json"
SANDBOX_SECRET_KEY = "sk_test_" + "orangery0000000000000000"
SANDBOX_PUBLISHABLE_KEY = "pk_test_" + "orangery0000000000000000"


class Command(BaseCommand):
    help = "Run the demo shop: database, broker, Stripe sandbox, web, worker and schedule, with a year of history."
    # The database does not run yet when checks would look at it.
    requires_system_checks = ()

    def add_arguments(self, parser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="where the shop answers; the next free one is taken")
        parser.add_argument("--fresh", action="store_true", help="forget the demo's data and build its history again")

    def handle(self, *args, port: int, fresh: bool, **options) -> None:
        try:
            with embedded.start(DATA, durable=True, progress=self._say) as services:
                if fresh:
                    BUILT.unlink(missing_ok=True)
                try:
                    self._run(services, port=_free_port(port))
                finally:
                    ENVIRON.unlink(missing_ok=True)
        except embedded.EmbeddedError as problem:
            raise CommandError(str(problem)) from problem
        except KeyboardInterrupt:
            self._say("\nStopped.")

    def _run(self, services: embedded.Services, *, port: int) -> None:
        environ = _environ(services, port=port)
        ENVIRON.touch(mode=0o600)
        ENVIRON.write_text(json.dumps(environ))
        environ = {**os.environ, **environ}
        if not BUILT.exists():
            _forget(services)
            self._manage("migrate", "--verbosity=0", environ=environ, doing="Creating the tables")
            # Nothing is lost with a history that is cut short: it is built anew.
            hasty = environ | {"PGOPTIONS": "-c synchronous_commit=off"}
            self._manage("build_demo", environ=hasty, doing="Living through a year of the shop")
            BUILT.touch()
        else:
            self._manage("migrate", "--verbosity=0", environ=environ, doing="Bringing the tables up to date")
        with Supervisor(DATA / "logs", say=self._say) as supervisor:
            python = sys.executable
            celery = [python, "-m", "celery", "-A", "config"]
            self._say("Opening the shop")
            supervisor.spawn(
                "web",
                [python, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "8"],
                env=environ,
                healthy=f"http://127.0.0.1:{port}/health/",
            )
            self._manage("setup_webhooks", "--verbosity=0", environ=environ, doing="Listening to the payment gateway")
            supervisor.spawn("worker", [*celery, "worker", "--pool=threads", "-c", "4", "-l", "INFO"], env=environ)
            schedule = ["beat", "-l", "INFO", "-s", str(DATA / "beat-schedule"), "--pidfile="]
            supervisor.spawn("beat", [*celery, *schedule], env=environ)
            self._welcome(port)
            supervisor.wait()
        self._say("\nStopped.")

    def _manage(self, *arguments: str, environ: dict[str, str], doing: str) -> None:
        self._say(doing)
        arguments_of = [sys.executable, "manage.py", *arguments]
        if process.foreground(arguments_of, env=environ, cwd=settings.BASE_DIR):
            raise CommandError(f"{doing}: `manage.py {arguments[0]}` failed, see above.")

    def _welcome(self, port: int) -> None:
        from apps.storefront.demo.people import CUSTOMER, PASSWORD, STAFF

        shop = f"http://127.0.0.1:{port}"
        self._say(
            f"""
  The shop is open.

    Shop           {shop}/
    Back office    {shop}/admin/
    Time machine   {shop}/admin/time-machine/
    Mailbox        {shop}/demo/mailbox/

    Customer       {CUSTOMER}    password {PASSWORD}
    Staff          {STAFF}    password {PASSWORD}
    Test card      4242 4242 4242 4242, any future date, any code

  Logs are in {DATA / "logs"}. Ctrl-C stops everything; the data stays. `make clean` removes it."""
        )

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def _environ(services: embedded.Services, *, port: int) -> dict[str, str]:
    return services.environ() | {
        "DEMO": "1",
        "TIME_MACHINE": "1",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "STRIPE_JS_URL": f"{services.stripe_url}/v3/",
        "STRIPE_SECRET_KEY": SANDBOX_SECRET_KEY,
        "STRIPE_PUBLISHABLE_KEY": SANDBOX_PUBLISHABLE_KEY,
        "EMAIL_FILE_PATH": str(DATA / "mail"),
    }


def _forget(services: embedded.Services) -> None:
    """Empty the database and the sandbox: a history that was cut short cannot be continued, its gateway is gone."""
    base, name = services.database_url.rsplit("/", 1)
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    request = urllib.request.Request(f"{services.stripe_url}/_control/reset", method="POST")  # noqa: S310 - our own
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - our own address


def _free_port(wanted: int) -> int:
    """`wanted`, or the first free port above it."""
    for port in range(wanted, wanted + 100):
        with socket.socket() as probe:
            # As the web server binds: a port that a closed connection lingers on is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise CommandError(f"No free port between {wanted} and {wanted + 99}: name one with --port.")
