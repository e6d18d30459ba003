"""`make demo`: the whole shop on this machine, from one command in one terminal.

It reads no settings of Django, since the services that the settings name are started here.
"""

import argparse
import json
import os
import signal
import socket
import sys
import urllib.request
from pathlib import Path

import psycopg
from psycopg import sql

from apps.storefront.demo.people import CUSTOMER, PASSWORD, STAFF
from config import embedded
from config.embedded import process
from config.embedded.processes import Supervisor

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = BASE_DIR / ".data" / "demo"
BUILT = DATA / "built"
ENVIRON = DATA / "environ.json"
SANDBOX_SECRET_KEY = "sk_test_" + "orangery0000000000000000"
SANDBOX_PUBLISHABLE_KEY = "pk_test_" + "orangery0000000000000000"


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


def main() -> None:
    """Run the demo until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m config.demo", description=main.__doc__)
    parser.add_argument("--port", type=int, default=8000, help="where the shop answers; the next free one is taken")
    parser.add_argument("--fresh", action="store_true", help="forget the demo's data and build its history again")
    options = parser.parse_args()
    # A shell makes what it starts in the background deaf to Ctrl-C; whoever sends it means it all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with embedded.start(DATA, durable=True, progress=_say) as services:
            if options.fresh:
                BUILT.unlink(missing_ok=True)
            try:
                _run(services, port=_free_port(options.port))
            finally:
                ENVIRON.unlink(missing_ok=True)
    except (embedded.EmbeddedError, DemoError) as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        pass
    _say("\nStopped.")


def _run(services: embedded.Services, *, port: int) -> None:
    environ = _environ(services, port=port)
    ENVIRON.touch(mode=0o600)
    ENVIRON.write_text(json.dumps(environ))
    environ = {**os.environ, **environ}
    if not BUILT.exists():
        _forget(services)
    with Supervisor(DATA / "logs", say=_say) as supervisor:
        # These two do nothing until somebody asks: they get ready while the history is lived through.
        address = f"127.0.0.1:{port}"
        supervisor.spawn("web", _gunicorn(address), env=environ)
        supervisor.spawn("worker", [sys.executable, "-m", "config.workers"], env=environ)
        _prepare(environ)
        _say("Opening the shop")
        supervisor.spawn("beat", _beat(DATA / "beat-schedule"), env=environ, healthy=f"http://{address}/health/")
        _welcome(port)
        supervisor.wait()


def _prepare(environ: dict[str, str]) -> None:
    """The tables, and the first time the history."""
    if BUILT.exists():
        _manage("prepare_demo", environ=environ, doing="Bringing the tables up to date")
        return
    # A history that is cut short is built anew, so it need not reach the disk at each step.
    hasty = environ | {"PGOPTIONS": "-c synchronous_commit=off"}
    _manage("prepare_demo", "--build", environ=hasty, doing="Creating the tables, then living through a year")
    BUILT.touch()


def _gunicorn(address: str) -> list[str]:
    return [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", address, "--threads", "8", "--no-control-socket"]


def _beat(schedule: Path) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config", "beat", "-s", str(schedule), "--pidfile=", "-l", "INFO"]


def _manage(*arguments: str, environ: dict[str, str], doing: str) -> None:
    _say(doing)
    if process.foreground([sys.executable, "manage.py", *arguments], env=environ, cwd=BASE_DIR):
        raise DemoError(f"{doing}: `manage.py {arguments[0]}` failed, see above.")


def _welcome(port: int) -> None:
    shop = f"http://127.0.0.1:{port}"
    _say(f"""
  The shop is open.

    Shop           {shop}/
    Back office    {shop}/admin/
    Time machine   {shop}/admin/time-machine/
    Mailbox        {shop}/demo/mailbox/

    Customer       {CUSTOMER}    password {PASSWORD}
    Staff          {STAFF}    password {PASSWORD}
    Test card      4242 4242 4242 4242, any future date, any code

  Logs are in {DATA / "logs"}. Ctrl-C stops everything; the data stays. `make clean` removes it.""")


def _say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201 - its one way to speak


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
    raise DemoError(f"No free port between {wanted} and {wanted + 99}: name one with --port.")


if __name__ == "__main__":
    main()
